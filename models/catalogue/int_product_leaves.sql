{# The deepest category known of a product: its code, the code that most products of its
   category_id have, or that id alone. A shop with a single category counts as one
   without categories. #}
with products as (
    select * from {{ ref("products") }}
),

votes as (
    select
        category_id,
        category_code,
        count(*) as products
    from products
    where category_id is not null and category_code is not null
    group by category_id, category_code
),

codes as (
    select
        category_id,
        category_code
    from votes
    qualify row_number() over (
        partition by category_id order by products desc, category_code asc
    ) = 1
),

named as (
    select
        products.product_key,
        coalesce(products.category_code, codes.category_code, products.category_id)
            as leaf
    from products
    left join codes on products.category_id = codes.category_id
),

shop as (
    select count(distinct leaf) as leaves from named
),

leaves as (
    select
        named.product_key,
        named.leaf,
        coalesce({{ category_prefix("named.leaf", 2) }}, named.leaf) as branch
    from named
    cross join shop
    where shop.leaves > 1 and named.leaf is not null
)

select * from leaves
