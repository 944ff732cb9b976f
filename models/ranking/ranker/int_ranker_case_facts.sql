with cases as (
    select
        case_key,
        any_value(scope) as scope,
        any_value(cut) as cut,
        any_value(user_key) as user_key,
        count(*) as history_length,
        {{ exact_sum("interest", 6) }} as history_interest,
        max(last_event_at) as last_event_at,
        any_value(product_key) filter (where place = 1) as last_product_key,
        any_value(category_code) filter (where place = 1) as last_category_code,
        any_value(brand) filter (where place = 1) as last_brand
    from {{ ref("int_ranker_case_histories") }}
    group by case_key
)

select
    cases.*,
    activity.interactions as last_interactions
from cases
left join {{ ref("int_product_activity") }} as activity
    on
        cases.scope = activity.scope
        and cases.last_product_key = activity.product_key
where {{ computed_once() }}
