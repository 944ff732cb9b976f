{# 1. switches: a session bought one brand after a look at another of the category;
   2. counted: sessions per pair of brands;
   3. net: less those of the opposite direction. #}
with buying_sessions as (
    select distinct session_id
    from {{ ref("int_interactions") }}
    where is_purchase
),

steps as (
    select
        interactions.session_id,
        interactions.event_at,
        interactions.is_purchase,
        products.category_code,
        products.brand
    from {{ ref("int_interactions") }} as interactions
    inner join {{ ref("products") }} as products
        on interactions.product_key = products.product_key
    semi join buying_sessions on interactions.session_id = buying_sessions.session_id
    where products.brand is not null and products.category_code is not null
),

switches as (
    select distinct
        bought.session_id,
        bought.category_code,
        seen.brand as from_brand,
        bought.brand as to_brand
    from steps as bought
    inner join steps as seen
        on
            bought.session_id = seen.session_id
            and bought.category_code = seen.category_code
            and bought.brand != seen.brand
            and bought.event_at > seen.event_at
    where bought.is_purchase and not seen.is_purchase
),

counted as (
    select
        category_code,
        from_brand,
        to_brand,
        count(*) as sessions
    from switches
    group by category_code, from_brand, to_brand
),

{# Moves in both directions cancel: a pair appears once, the winner second. #}
net as (
    select
        counted.category_code,
        counted.from_brand,
        counted.to_brand,
        counted.sessions,
        coalesce(opposite.sessions, 0) as sessions_back,
        counted.sessions - coalesce(opposite.sessions, 0) as net_sessions
    from counted
    left join counted as opposite
        on
            counted.category_code = opposite.category_code
            and counted.from_brand = opposite.to_brand
            and counted.to_brand = opposite.from_brand
),

brand_flow as (
    select
        cast(row_number() over (
            order by net_sessions desc, sessions, category_code, from_brand, to_brand
        ) as integer) as rank,
        *,
        net_sessions / sqrt(sessions + sessions_back) as surprise
    from net
    where net_sessions > 0
)

select * from brand_flow
