with ranked as (
    select
        product_id,
        product_name,
        category_code,
        brand,
        price,
        users,
        percent_rank() over (order by users) as users_rank
    from {{ ref("products") }}
),

{# Popular products with the product as a substitute: places to show it. #}
places as (
    select
        similar_products.similar_product_id as product_id,
        min_by(
            similar_products.product_id,
            (similar_products.rank, similar_products.product_id)
        ) as beside_product_id,
        min(similar_products.rank) as substitute_rank,
        count(*) as popular_products_beside
    from {{ ref("similar_products") }} as similar_products
    inner join ranked as popular
        on similar_products.product_id = popular.product_id
    where
        similar_products.relation = 'substitute'
        and similar_products.source not like 'popular%'
        and popular.users_rank >= 0.8
    group by similar_products.similar_product_id
),

products_nobody_finds as (
    select
        cast(row_number() over (
            order by
                little_seen.users,
                places.substitute_rank,
                places.popular_products_beside desc,
                little_seen.product_id
        ) as integer) as rank,
        little_seen.product_id,
        little_seen.product_name,
        little_seen.category_code,
        little_seen.brand,
        little_seen.price,
        little_seen.users,
        places.beside_product_id,
        beside.product_name as beside_product_name,
        places.substitute_rank,
        places.popular_products_beside
    from ranked as little_seen
    inner join places on little_seen.product_id = places.product_id
    inner join ranked as beside on places.beside_product_id = beside.product_id
    where little_seen.users_rank < 0.3
)

select * from products_nobody_finds
