{# Compared with the staged catalogue and the lists hidden and allowed, not with
   product_availability. #}
{% set shown_at = var("shown_at") or run_started_at.strftime("%Y-%m-%d %H:%M:%S") %}
{% set shown = {
    "user_recommendations": "product_id",
    "users_about_to_buy": "product_id",
    "similar_products": "similar_product_id",
    "popular_products": "product_id",
    "bought_next": "next_product_id",
    "hidden_winners": "product_id",
    "products_nobody_finds": "product_id",
    "cheaper_substitutes": "cheaper_product_id",
} %}
{% set of_users = ["user_recommendations", "users_about_to_buy"] %}
with placed as (
    {% for table, column in shown.items() %}
        select
            '{{ table }}' as shown_in,
            {{ "user_id" if table in of_users else "cast(null as varchar)" }}
                as user_id,
            {{ column }} as product_id
        from {{ ref(table) }}
        {{ "union all" if not loop.last }}
    {% endfor %}
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
