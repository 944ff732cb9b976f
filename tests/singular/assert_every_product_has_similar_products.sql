{# `similar_products` rows in each relation, or all other products that may be shown. #}
with shop as (
    select count(*) as products from {{ ref("product_availability") }}
    where is_shown
),

listed as (
    select
        product_id,
        relation,
        count(*) as products
    from {{ ref("similar_products") }}
    group by product_id, relation
),

counts as (
    select
        products.product_id,
        relations.relation,
        coalesce(listed.products, 0) as listed_products,
        least(
            {{ var("similar_products") }},
            shop.products - cast(products.is_shown as integer)
        ) as expected_products
    from {{ ref("product_availability") }} as products
    cross join (values ('substitute'), ('complement')) as relations (relation)
    cross join shop
    left join listed
        on
            products.product_id = listed.product_id
            and relations.relation = listed.relation
)

select * from counts
where listed_products != expected_products
