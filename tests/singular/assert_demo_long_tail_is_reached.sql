{{ config(tags=['demo'], enabled=not (var('events', '') or var('hash_user_ids'))) }}

{# The less popular half of every style takes a ninth of the looks. Measured: .05 to .23
   of the places, at least 7 times as many as would fit another user's tastes, and .82 to
   .96 of the products; .48 to .69 of the products when users get each other's lists, no
   place by popularity. Products are counted in all lists, for a sample cannot hold all
   products of a large shop. #}
with {{ demo_lists(most_users=1000000000) }},

{{ demo_tastes() }},

tail_products as (
    select products.product_number
    from {{ ref('demo_products') }} as products
    inner join {{ ref('demo_styles') }} as styles
        on products.style_number = styles.style_number
    where 2 * (products.product_number - styles.first_product) >= styles.product_count
),

others as (
    select
        user_number,
        lead(user_number) over (order by user_number) as other_number
    from demo_shoppers
),

tail_places as (
    select
        listed.user_number,
        others.other_number,
        listed.product_number,
        listed.leaf_number
    from listed
    semi join tail_products on listed.product_number = tail_products.product_number
    inner join others on listed.user_number = others.user_number
),

judged_by as (
    select
        user_number,
        product_number,
        leaf_number,
        true as is_own
    from tail_places
    union all
    select
        other_number as user_number,
        product_number,
        leaf_number,
        false as is_own
    from tail_places
),

welcome as (
    select
        judged_by.product_number,
        judged_by.is_own
    from judged_by
    semi join tastes
        on
            judged_by.user_number = tastes.user_number
            and judged_by.leaf_number = tastes.leaf_number
),

shares as (
    select
        count(*) filter (where is_own) / (select count(*) from listed)
            as share_of_places,
        count(*) filter (where is_own) / nullif(count(*) filter (where not is_own), 0)
            as times_others,
        count(distinct product_number) filter (where is_own)
        / (select count(*) from tail_products) as share_of_products
    from welcome
)

select * from shares
where
    not coalesce(share_of_places >= 0.03, false)
    or coalesce(times_others < 4, false)
    or not coalesce(share_of_products >= 0.75, false)
