with activity as (
    select
        product_key,
        count(*) as interactions,
        count(*) filter (where is_purchase) as purchases,
        count(distinct user_key) as users
    from {{ ref("int_interactions") }}
    group by product_key
),

described as (
    {# The catalogue takes precedence. Its category is taken as a whole: the events'
       code does not fit a different id. #}
    select
        keys.product_id,
        keys.product_key,
        coalesce(catalogue.product_name, seen.product_name) as product_name,
        coalesce(catalogue.category_id, seen.category_id) as category_id,
        case
            when coalesce(catalogue.category_id = seen.category_id, true)
                then coalesce(catalogue.category_code, seen.category_code)
            else catalogue.category_code
        end as category_code,
        coalesce(catalogue.brand, seen.brand) as brand,
        coalesce(catalogue.price, seen.price) as price,
        catalogue.currency,
        catalogue.url,
        catalogue.image_url,
        catalogue.product_id is not null as is_in_catalogue,
        seen.first_seen_at,
        seen.last_seen_at
    from {{ ref("int_product_keys") }} as keys
    left join {{ ref("int_seen_products") }} as seen
        on keys.product_id = seen.product_id
    left join {{ ref("stg_catalogue") }} as catalogue
        on keys.product_id = catalogue.product_id
)

select
    described.product_id,
    described.product_key,
    described.product_name,
    described.category_id,
    described.category_code,
    {% for level in (1, 2, 3, 4) %}
        {{ category_level("described.category_code", level) }} as level_{{ level }},
    {% endfor %}
    described.brand,
    described.price,
    coalesce(activity.interactions, 0) as interactions,
    coalesce(activity.purchases, 0) as purchases,
    coalesce(activity.users, 0) as users,
    described.first_seen_at,
    described.last_seen_at,
    described.currency,
    described.url,
    described.image_url,
    described.is_in_catalogue
from described
left join activity on described.product_key = activity.product_key
