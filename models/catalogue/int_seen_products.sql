{# Product attributes from events; the catalogue takes precedence. #}
with product_days as (
    {# Events after the log's end describe only products without earlier events. #}
    select product_days.*
    from {{ ref("int_product_days") }} as product_days
    inner join {{ ref("int_product_keys") }} as keys
        on product_days.product_id = keys.product_id
    cross join {{ ref("int_timeline") }} as timeline
    where
        product_days.event_date < timeline.log_ends_at
        or keys.first_date >= timeline.log_ends_at
),

categories as (
    {{ most_frequent_per_product(
        "category_id", "product_days", beside="category_code"
    ) }}
),

brands as (
    {{ most_frequent_per_product("brand", "product_days") }}
),

names as (
    {{ most_frequent_per_product("product_name", "product_days") }}
),

prices as (
    select
        product_id,
        max_by(price, (priced_at, price)) filter (where price is not null) as price,
        min(first_event_at) as first_seen_at,
        max(last_event_at) as last_seen_at
    from product_days
    group by product_id
),

seen as (
    select
        prices.product_id,
        names.product_name,
        categories.category_id,
        categories.category_code,
        brands.brand,
        prices.price,
        prices.first_seen_at,
        prices.last_seen_at
    from prices
    left join categories on prices.product_id = categories.product_id
    left join brands on prices.product_id = brands.product_id
    left join names on prices.product_id = names.product_id
)

select * from seen
