with styled as (
    select
        steps.*,
        categories.style_count,
        {{ demo_style("steps.style_draw", "categories.style_count", "steps.tier") }}
            as aimed_style
    from {{ ref("demo_steps") }} as steps
    inner join {{ ref("demo_categories") }} as categories
        on steps.leaf_number = categories.leaf_number
),

moved as (
    {# The neighbour of a style is the next one of its tier, where the leaf has one. #}
    select
        *,
        case
            when not is_neighbour then aimed_style
            when style_count > 3 then (aimed_style + 3) % style_count
            else (aimed_style + 1) % style_count
        end as style_index
    from styled
)

select
    moved.user_number,
    moved.user_id,
    moved.is_robot,
    moved.brand_slot,
    moved.brand_loyalty,
    moved.thrift,
    moved.user_session,
    moved.start_second,
    moved.step_second,
    moved.pace,
    moved.step_number,
    moved.choice,
    styles.first_product,
    styles.product_count
from moved
inner join {{ ref("demo_styles") }} as styles
    on
        moved.leaf_number = styles.leaf_number
        and moved.style_index = styles.style_index
