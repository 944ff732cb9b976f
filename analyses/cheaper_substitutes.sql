{# For the most popular products: the closest substitute that costs at least a
   tenth less. #}
with popular as (

    select
        product_id,
        category_code,
        brand,
        price,
        interactions
    from {{ ref("products") }}
    where price > 0
    order by interactions desc, product_id asc
    limit 500

),

cheaper as (

    select
        popular.product_id,
        popular.category_code,
        popular.brand,
        popular.price,
        popular.interactions,
        similar_products.similar_product_id as cheaper_product_id,
        found.brand as cheaper_brand,
        found.price as cheaper_price,
        similar_products.score,
        1 - found.price / popular.price as saved,
        row_number() over (
            partition by popular.product_id order by similar_products.rank
        ) as place
    from popular
    inner join {{ ref("similar_products") }} as similar_products
        on popular.product_id = similar_products.product_id
    inner join {{ ref("products") }} as found
        on similar_products.similar_product_id = found.product_id
    where
        similar_products.relation = 'substitute'
        and not starts_with(similar_products.source, 'popular')
        and found.category_code = popular.category_code
        and found.price <= 0.9 * popular.price

)

select * exclude (place)
from cheaper
where place = 1
order by interactions desc, product_id asc
