with carts as (
    select
        user_key,
        product_key,
        max(event_at) filter (where event_type = 'cart') as carted_at,
        max(event_at) filter (where is_purchase) as bought_at
    from {{ ref("int_interactions") }}
    where event_type = 'cart' or is_purchase
    group by user_key, product_key
),

priced as (
    select
        products.category_code,
        products.price,
        coalesce(carts.bought_at < carts.carted_at, true) as is_abandoned
    from carts
    inner join {{ ref("products") }} as products
        on carts.product_key = products.product_key
    where carts.carted_at is not null
),

categories as (
    select
        category_code,
        count(*) as carts,
        count(*) filter (where is_abandoned) as abandoned,
        {{ exact_sum("case when is_abandoned then price end", 2) }} as value_left
    from priced
    group by category_code
),

abandoned_carts as (
    select
        cast(row_number() over (
            order by value_left desc nulls last, abandoned desc, category_code
        ) as integer) as rank,
        category_code,
        carts,
        abandoned,
        abandoned / carts as abandoned_share,
        value_left
    from categories
)

select * from abandoned_carts
