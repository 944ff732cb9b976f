{{ config(tags=['demo'], enabled=not (var('events', '') or var('hash_user_ids'))) }}

{# The less popular half of every style takes a ninth of the looks. Measured: .10 to .23
   of the places and .82 to .96 of the products; .015 and .48 to .69 when users get each
   other's lists, 0 by popularity. #}
with {{ demo_lists() }},

{{ demo_tastes() }},

tail_products as (
    select products.product_number
    from {{ ref('demo_products') }} as products
    inner join {{ ref('demo_styles') }} as styles
        on products.style_number = styles.style_number
    where 2 * (products.product_number - styles.first_product) >= styles.product_count
),

welcome as (
    select listed.product_number
    from listed
    semi join tail_products on listed.product_number = tail_products.product_number
    semi join tastes
        on
            listed.user_number = tastes.user_number
            and listed.leaf_number = tastes.leaf_number
),

shares as (
    select
        (select count(*) from welcome) / (select count(*) from listed)
            as share_of_places,
        (select count(distinct product_number) from welcome)
        / (select count(*) from tail_products) as share_of_products
)

select * from shares
where
    not coalesce(share_of_places >= 0.06, false)
    or not coalesce(share_of_products >= 0.75, false)
