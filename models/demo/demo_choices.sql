with preferring as (
    {# Some preferences last from visit to visit: users come back to a product. #}
    select
        *,
        case
            when {{ demo_uniform("comes back", "choice") }} < 0.45 and not is_robot
                then user_number * 8 + {{ demo_pick("favourite", "choice", 4) }}
            else 100000000 + choice
        end as preference
    from {{ ref("demo_shelves") }}
),

ranked as (
    select
        *,
        {{ demo_popular(demo_uniform("product", "preference"), "product_count", 6) }}
            as product_rank
    from preferring
),

branded as (
    {# Every fourth product of a style is of the same brand: see demo_products. #}
    select
        *,
        case
            when {{ demo_uniform("loyal", "preference") }} < brand_loyalty
                then product_rank - product_rank % 4 + brand_slot
            else product_rank
        end as branded_rank
    from ranked
),

chosen as (
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
    step_second,
    pace,
    least(999, cast(floor(
        1000 * thrift * {{ demo_uniform("plan", "step_number") }}
    ) as bigint)) as plan_ticket,
    {# Before its launch a product is replaced by the first of its style. #}
    {{ demo_launched("chosen_product", "start_second / 86400", "first_product") }}
        as product_number
from chosen
