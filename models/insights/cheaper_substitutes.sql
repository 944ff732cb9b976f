{# `coalesce` keeps the equal category from becoming a join of all products of a
   category with each other: minutes instead of seconds for 200 thousand products. #}
with cheaper as (
    select
        products.product_id,
        products.product_name,
        products.category_code,
        products.brand,
        products.price,
        products.interactions,
        found.product_id as cheaper_product_id,
        found.product_name as cheaper_product_name,
        found.brand as cheaper_brand,
        found.price as cheaper_price,
        similar_products.rank as substitute_rank,
        (products.price - found.price) / products.price as saved_share
    from {{ ref("products") }} as products
    inner join {{ ref("similar_products") }} as similar_products
        on products.product_id = similar_products.product_id
    inner join {{ ref("products") }} as found
        on similar_products.similar_product_id = found.product_id
    where
        similar_products.relation = 'substitute'
        and similar_products.source not like 'popular%'
        and coalesce(found.category_code = products.category_code, false)
        and products.price > 0
        and found.price <= 0.9 * products.price
),

closest as (
    select * from cheaper
    qualify row_number() over (
        partition by product_id order by substitute_rank
    ) = 1
),

cheaper_substitutes as (
    select
        cast(
            row_number() over (order by interactions desc, product_id) as integer
        ) as rank,
        *
    from closest
)

select * from cheaper_substitutes
