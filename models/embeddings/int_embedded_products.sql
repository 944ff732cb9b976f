{# What training needs of a product: its node, or its category and brand when it has
   none. #}
with products as (
    select * from {{ ref("products") }}
),

nodes as (
    select * from {{ ref("product_nodes") }}
),

embedded_products as (
    select
        products.product_id,
        nodes.node_id,
        products.level_1,
        {{ category_prefix("products.category_code", 2) }} as level_2,
        {{ category_prefix("products.category_code", 3) }} as level_3,
        {{ category_prefix("products.category_code", 4) }} as level_4,
        products.brand
    from products
    left join nodes on products.product_id = nodes.product_id
)

select * from embedded_products
