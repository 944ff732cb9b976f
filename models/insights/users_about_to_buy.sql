with recent as (
    select interactions.*
    from {{ ref("int_interactions") }} as interactions
    cross join {{ ref("int_timeline") }} as timeline
    where interactions.event_at > timeline.last_event_at - interval '3 days'
),

latest as (
    select
        user_key,
        product_key,
        count(*) as events,
        count(distinct session_id) as sessions,
        max(event_at) as last_event_at,
        max(event_at) filter (where event_type = 'cart') as last_cart_at,
        max(event_at) filter (
            where is_purchase or event_type = 'remove_from_cart'
        ) as settled_at
    from recent
    group by user_key, product_key
),

users_about_to_buy as (
    select
        cast(row_number() over (
            order by
                latest.sessions desc,
                latest.events desc,
                latest.last_event_at desc,
                user_keys.user_id,
                products.product_id
        ) as integer) as rank,
        user_keys.user_id,
        products.product_id,
        products.product_name,
        products.category_code,
        products.brand,
        products.price,
        latest.sessions,
        latest.events,
        latest.last_cart_at,
        latest.last_event_at
    from latest
    inner join {{ ref("int_user_keys") }} as user_keys
        on latest.user_key = user_keys.user_key
    inner join {{ ref("products") }} as products
        on latest.product_key = products.product_key
    anti join {{ ref("product_availability") }} as availability
        on latest.product_key = availability.product_key and not availability.is_shown
    anti join {{ ref("int_hidden_pairs") }} as hidden_pairs
        on
            latest.user_key = hidden_pairs.user_key
            and latest.product_key = hidden_pairs.product_key
    where
        latest.last_cart_at is not null
        and coalesce(latest.settled_at < latest.last_cart_at, true)
)

select * from users_about_to_buy
