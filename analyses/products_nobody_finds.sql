{# Seen by few, though a popular product has them as a substitute: put them beside
   it. #}
with little_seen as (

    select
        product_id,
        category_code,
        brand,
        price,
        users,
        percent_rank() over (order by users) as users_rank
    from {{ ref("products") }}

),

doors as (

    select
        similar_products.similar_product_id as product_id,
        arg_min(
            similar_products.product_id,
            (similar_products.rank, similar_products.product_id)
        ) as found_beside,
        min(similar_products.rank) as best_rank,
        count(*) as popular_products_beside
    from {{ ref("similar_products") }} as similar_products
    inner join little_seen as popular
        on similar_products.product_id = popular.product_id
    where similar_products.relation = 'substitute' and popular.users_rank >= 0.8
    group by similar_products.similar_product_id

),

hidden as (

    select
        little_seen.product_id,
        little_seen.category_code,
        little_seen.brand,
        little_seen.price,
        little_seen.users,
        doors.found_beside,
        doors.best_rank,
        doors.popular_products_beside
    from little_seen
    inner join doors on little_seen.product_id = doors.product_id
    where little_seen.users_rank < 0.3

)

select * from hidden
order by
    users asc,
    best_rank asc,
    popular_products_beside desc,
    product_id asc
