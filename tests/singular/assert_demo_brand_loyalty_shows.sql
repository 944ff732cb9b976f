{{ config(
    tags=['demo'],
    enabled=not (var('events', '') or var('hash_user_ids'))
    and var('demo_events') | int >= 300000
) }}

{# New products of large styles: in small ones not every brand slot has one. Slot 0
   holds the most popular product, to which every user is loyal; the others differ in
   popularity and count equally. Measured: 1.16 times as often with 300 thousand events
   and with a million; equally often when users get each other's lists, never by
   popularity. With fewer events the ratio is noise: 1.29 and 0.97 with 100 thousand, by
   two versions of the lists. #}
with {{ demo_lists() }},

own_slots as (
    select
        user_number,
        brand_slot,
        brand_loyalty,
        avg(cast(product_index % 4 = brand_slot as integer)) as own_share
    from listed
    where not is_seen and product_count >= 8 and brand_slot > 0
    group by user_number, brand_slot, brand_loyalty
),

slots as (
    select
        brand_slot,
        avg(own_share) filter (where brand_loyalty >= 0.5) as share_of_loyal_users,
        avg(own_share) filter (where brand_loyalty < 0.3) as share_of_other_users
    from own_slots
    group by brand_slot
),

shares as (
    select
        avg(share_of_loyal_users) as share_of_loyal_users,
        avg(share_of_other_users) as share_of_other_users
    from slots
)

select * from shares
where not coalesce(share_of_loyal_users > 1.05 * share_of_other_users, false)
