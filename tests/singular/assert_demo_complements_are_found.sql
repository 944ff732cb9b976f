{{ config(tags=['demo'], enabled=not var('events', '')) }}

{# The first place is one of the two products that demo_complements puts into the cart
   after it; for the second and third place at most half can be right. #}
with listed as (
    select
        similar_products.rank,
        similar_products.source,
        demo_complements.product_number is not null as is_true,
        products.category_id = found.category_id as is_same_category
    from {{ ref('similar_products') }} as similar_products
    inner join {{ ref('demo_products') }} as products
        on similar_products.product_id = products.product_id
    inner join {{ ref('demo_products') }} as found
        on similar_products.similar_product_id = found.product_id
    left join (
        select distinct
            product_number,
            complement_number
        from {{ ref('demo_complements') }}
    ) as demo_complements
        on
            products.product_number = demo_complements.product_number
            and found.product_number = demo_complements.complement_number
    where
        similar_products.relation = 'complement'
        and similar_products.source not like 'popular%'
),

shares as (
    select
        count(*) filter (where rank = 1) as lists,
        avg(cast(is_true as integer)) filter (where rank = 1) as first_place,
        avg(cast(is_true as integer)) filter (where rank = 1 and source = 'graph')
            as first_place_by_own_sessions,
        avg(cast(is_true as integer)) filter (where rank in (2, 3))
            as second_and_third_place,
        avg(cast(is_same_category as integer)) as same_category
    from listed
)

select * from shares
where
    lists < 0.6 * (select count(*) from {{ ref('products') }})
    or coalesce(first_place, 0) < 0.5
    or coalesce(first_place_by_own_sessions, 0) < 0.75
    or coalesce(second_and_third_place, 0) < 0.35
    or same_category > 0.02
