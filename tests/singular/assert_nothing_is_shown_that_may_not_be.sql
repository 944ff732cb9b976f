{# Held against the staged catalogue and the lists hidden and allowed themselves, not
   against product_availability. #}
{% set shown_at = var("shown_at") or run_started_at.strftime("%Y-%m-%d %H:%M:%S") %}
with placed as (
    select
        'user_recommendations' as shown_in,
        user_id,
        product_id
    from {{ ref("user_recommendations") }}
    union all
    select
        'similar_products' as shown_in,
        cast(null as varchar) as user_id,
        similar_product_id as product_id
    from {{ ref("similar_products") }}
    union all
    select
        'popular_products' as shown_in,
        cast(null as varchar) as user_id,
        product_id
    from {{ ref("popular_products") }}
    union all
    select
        'users_about_to_buy' as shown_in,
        user_id,
        product_id
    from {{ ref("users_about_to_buy") }}
    union all
    select
        'bought_next' as shown_in,
        cast(null as varchar) as user_id,
        next_product_id as product_id
    from {{ ref("bought_next") }}
    union all
    select
        'hidden_winners' as shown_in,
        cast(null as varchar) as user_id,
        product_id
    from {{ ref("hidden_winners") }}
    union all
    select
        'products_nobody_finds' as shown_in,
        cast(null as varchar) as user_id,
        product_id
    from {{ ref("products_nobody_finds") }}
    union all
    select
        'cheaper_substitutes' as shown_in,
        cast(null as varchar) as user_id,
        cheaper_product_id as product_id
    from {{ ref("cheaper_substitutes") }}
),

unavailable as (
    select product_id from {{ ref("stg_availability") }}
    where
        not is_available
        or available_from > timestamp '{{ shown_at }}'
        or available_until <= timestamp '{{ shown_at }}'
),

listed as (
    select * from {{ ref("stg_listed_products") }}
)

select
    placed.*,
    'not available' as reason
from placed
semi join unavailable on placed.product_id = unavailable.product_id
union all
select
    placed.*,
    'hidden' as reason
from placed
semi join listed
    on
        placed.product_id = listed.product_id
        and listed.list = 'hidden'
        and coalesce(placed.user_id = listed.user_id, listed.user_id is null)
{% if var("allowed") %}
    union all
    select
        placed.*,
        'not allowed' as reason
    from placed
    anti join listed
        on placed.product_id = listed.product_id and listed.list = 'allowed'
{% endif %}
