{{ config(tags=['demo'], enabled=not var('events', '')) }}

{# The first place is of the product's own style, and neither complements the other. #}
with planted as (
    select
        product_number,
        complement_number
    from {{ ref('demo_complements') }}
    union
    select
        complement_number as product_number,
        product_number as complement_number
    from {{ ref('demo_complements') }}
),

listed as (
    select
        products.style_number = found.style_number as is_same_style,
        products.category_id = found.category_id as is_same_category,
        planted.product_number is not null as is_complement
    from {{ ref('similar_products') }} as similar_products
    inner join {{ ref('demo_products') }} as products
        on similar_products.product_id = products.product_id
    inner join {{ ref('demo_products') }} as found
        on similar_products.similar_product_id = found.product_id
    left join planted
        on
            products.product_number = planted.product_number
            and found.product_number = planted.complement_number
    where similar_products.relation = 'substitute' and similar_products.rank = 1
),

shares as (
    select
        avg(cast(is_same_style as integer)) as same_style,
        avg(cast(is_same_category as integer)) as same_category,
        avg(cast(is_complement as integer)) as complements
    from listed
)

select * from shares
where same_style < 0.55 or same_category < 0.75 or complements > 0.01
