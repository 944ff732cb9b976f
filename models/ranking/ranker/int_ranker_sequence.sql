{# Products right after and right before the case's last product in sessions. #}
with next_products as (
    select
        cases.case_key,
        steps.next_key as product_key,
        steps.times,
        steps.share,
        steps.age_days
    from {{ ref("int_ranker_case_facts") }} as cases
    inner join {{ ref("int_next_products") }} as steps
        on
            cases.cut = steps.cut
            and cases.last_product_key = steps.product_key
    where steps.rank <= {{ var("ranker_popular") }}
),

previous_products as (
    select
        cases.case_key,
        steps.product_key,
        steps.times
    from {{ ref("int_ranker_case_facts") }} as cases
    inner join {{ ref("int_next_products") }} as steps
        on
            cases.cut = steps.cut
            and cases.last_product_key = steps.next_key
)

select
    coalesce(next_products.case_key, previous_products.case_key) as case_key,
    coalesce(next_products.product_key, previous_products.product_key) as product_key,
    next_products.times as next_times,
    next_products.share as next_share,
    next_products.age_days as next_age_days,
    previous_products.times as previous_times
from next_products
full outer join previous_products
    on
        next_products.case_key = previous_products.case_key
        and next_products.product_key = previous_products.product_key
where {{ computed_once() }}
