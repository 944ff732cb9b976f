{# 1. purchases: the first of each user and product;
   2. buyers: per product, with its place;
   3. followed: what buyers of the 20 best sellers bought within 30 days;
   4. named: products that may be shown, with their lift over their share of all
      buyers. #}
with purchases as (
    select
        user_key,
        product_key,
        min(event_at) as bought_at
    from {{ ref("int_interactions") }}
    where is_purchase
    group by user_key, product_key
),

all_buyers as (select count(distinct user_key) as buyers from purchases),

buyers as (
    select
        purchases.product_key,
        count(*) as buyers,
        count(*) / max(all_buyers.buyers) as share_of_buyers,
        row_number() over (order by count(*) desc, purchases.product_key) as place
    from purchases
    cross join all_buyers
    group by purchases.product_key
),

followed as (
    select
        best_sellers.product_key,
        best_sellers.buyers,
        later.product_key as next_product_key,
        count(*) as buyers_of_both
    from purchases
    inner join buyers as best_sellers
        on purchases.product_key = best_sellers.product_key and best_sellers.place <= 20
    inner join purchases as later
        on
            purchases.user_key = later.user_key
            and purchases.bought_at < later.bought_at
            and purchases.bought_at + interval '30 days' >= later.bought_at
    group by best_sellers.product_key, best_sellers.buyers, later.product_key
),

named as (
    select
        products.product_id,
        products.product_name,
        products.category_code,
        next_products.product_id as next_product_id,
        next_products.product_name as next_product_name,
        next_products.category_code as next_category_code,
        followed.buyers,
        followed.buyers_of_both,
        followed.buyers_of_both / followed.buyers / buyers.share_of_buyers as lift
    from followed
    inner join buyers on followed.next_product_key = buyers.product_key
    inner join {{ ref("products") }} as products
        on followed.product_key = products.product_key
    inner join {{ ref("products") }} as next_products
        on followed.next_product_key = next_products.product_key
    anti join {{ ref("product_availability") }} as availability
        on
            followed.next_product_key = availability.product_key
            and not availability.is_shown
),

bought_next as (
    select
        cast(row_number() over (
            order by buyers_of_both desc, lift desc, product_id, next_product_id
        ) as integer) as rank,
        *
    from named
)

select * from bought_next
