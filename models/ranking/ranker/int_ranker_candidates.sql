{# The nearest products, those that came next, the history, and what is popular in the
   shop and in the last product's category, recently and by `int_popularity`; without
   excluded products. #}
with cases as (
    select * from {{ ref("int_ranker_case_facts") }}
),

popular as (
    select
        cases.case_key,
        activity.product_key
    from cases
    inner join {{ ref("int_product_activity") }} as activity
        on cases.scope = activity.scope
    where least(activity.shop_rank, activity.recent_rank) <= {{ var("ranker_popular") }}
    union all
    select
        cases.case_key,
        activity.product_key
    from cases
    inner join {{ ref("int_product_activity") }} as activity
        on
            cases.scope = activity.scope
            and cases.last_category_code = activity.category_code
    where
        least(activity.category_rank, activity.recent_category_rank)
        <= {{ var("ranker_popular") }}
),

proposed as (
    select * from {{ ref("int_ranker_nearest") }}
    union
    select
        case_key,
        product_key
    from {{ ref("int_ranker_sequence") }}
    where next_times is not null
    union
    select
        case_key,
        product_key
    from {{ ref("int_ranker_case_histories") }}
    union
    select * from popular
),

excluded as (
    select
        {{ case_key("user_key", "scope") }} as case_key,
        product_key
    from {{ ref("int_excluded_products") }}
)

select proposed.*
from proposed
anti join excluded
    on
        proposed.case_key = excluded.case_key
        and proposed.product_key = excluded.product_key
