{# Put in the cart and not bought by the same user later: what gets stuck, by
   category. #}
with carts as (

    select
        user_key,
        product_key,
        max(event_at) filter (where event_type = 'cart') as carted_at,
        max(event_at) filter (where is_purchase) as bought_at
    from {{ ref("int_interactions") }}
    group by user_key, product_key

),

categories as (

    select
        products.category_code,
        count(*) as carts,
        count(*) filter (where coalesce(carts.bought_at < carts.carted_at, true))
            as abandoned,
        sum(products.price) filter (
            where coalesce(carts.bought_at < carts.carted_at, true)
        ) as value_left
    from carts
    inner join {{ ref("products") }} as products
        on carts.product_key = products.product_key
    where carts.carted_at is not null
    group by products.category_code

)

select
    category_code,
    carts,
    abandoned,
    abandoned / carts as abandoned_share,
    round(value_left, 2) as value_left
from categories
order by value_left desc nulls last, category_code asc
