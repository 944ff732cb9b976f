{{ config(
    tags=['demo'],
    enabled=not (var('events', '') or var('catalogue', '') or var('shown_at', '')),
) }}

{# Drawn again, independently of the catalogue: products that are sold out, discontinued
   or only announced. Some of them are looked at, or the test would be trivial. #}
with unavailable as (
    select
        product_id,
        product_number
    from {{ ref('demo_products') }}
    where {{ demo_uniform('on sale', 'product_number') }} < 0.055
),

shown as (
    select product_id from {{ ref('user_recommendations') }}
    union
    select similar_product_id as product_id from {{ ref('similar_products') }}
    union
    select product_id from {{ ref('popular_products') }}
),

counts as (
    select
        count(*) as unavailable_products,
        count(*) filter (where shown.product_id is not null) as shown_products,
        coalesce(max(products.interactions), 0) as most_interactions
    from unavailable
    left join shown on unavailable.product_id = shown.product_id
    left join {{ ref('products') }} as products
        on unavailable.product_id = products.product_id
)

select * from counts
where
    shown_products > 0
    or unavailable_products = 0
    or most_interactions < 10
