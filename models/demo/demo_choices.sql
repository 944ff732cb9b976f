with steps as (
    {# Some preferences last from visit to visit: users come back to a product. #}
    select
        *,
        case
            when {{ demo_uniform('comes back', 'choice') }} < 0.45 and not is_robot
                then user_number * 8 + {{ demo_pick('favourite', 'choice', 4) }}
            else 100000000 + choice
        end as preference
    from {{ ref('demo_steps') }}
),

styled as (
    select
        steps.*,
        categories.style_count,
        {{ demo_style('steps.style_draw', 'categories.style_count', 'steps.session_tier') }}
            as style_index
    from steps
    inner join {{ ref('demo_categories') }} as categories
        on steps.leaf_number = categories.leaf_number
),

moved as (
    {# The neighbour of a style is the next one of its tier, where the leaf has one. #}
    select
        * exclude (style_index),
        case
            when not is_neighbour then style_index
            when style_count > 3 then (style_index + 3) % style_count
            else (style_index + 1) % style_count
        end as style_index
    from styled
),

ranked as (
    select
        moved.*,
        styles.first_product,
        styles.product_count,
        {{ demo_popular(
            demo_uniform('product', 'moved.preference'), 'styles.product_count', 7
        ) }} as product_rank
    from moved
    inner join {{ ref('demo_styles') }} as styles
        on moved.leaf_number = styles.leaf_number
        and moved.style_index = styles.style_index
),

branded as (
    {# Ranks that differ by four are of one brand: see brand_slot in demo_products. #}
    select
        *,
        case
            when {{ demo_uniform('loyal', 'preference') }} < brand_loyalty
                then product_rank - product_rank % 4 + brand_slot
            else product_rank
        end as branded_rank
    from ranked
),

resolved as (
    select
        *,
        first_product + case
            when branded_rank < product_count then branded_rank
            else product_rank
        end as chosen_product
    from branded
)

select
    user_id,
    user_session,
    step_number,
    pace,
    start_second + pace * step + case when step * 2 >= step_count then pause else 0 end
        as step_second,
    least(999, cast(floor(
        1000 * thrift * {{ demo_uniform('plan', 'step_number') }}
    ) as bigint)) as plan_ticket,
    {# A new product gives way to the first of its style until its launch. #}
    case
        when {{ demo_launch_day('chosen_product') }} * 86400 > start_second
            then first_product
        else chosen_product
    end as product_number
from resolved
