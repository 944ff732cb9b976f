{# Something in the cart within the last 3 days of the log that was neither bought
   nor taken out since; those who came back most are first. #}
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

waiting as (

    select *
    from latest
    where
        last_cart_at is not null
        and coalesce(settled_at < last_cart_at, true)

)

select
    user_keys.user_id,
    products.product_id,
    products.category_code,
    products.brand,
    products.price,
    waiting.sessions,
    waiting.events,
    waiting.last_cart_at,
    waiting.last_event_at
from waiting
inner join {{ ref("int_user_keys") }} as user_keys
    on waiting.user_key = user_keys.user_key
inner join {{ ref("products") }} as products
    on waiting.product_key = products.product_key
order by
    waiting.sessions desc,
    waiting.events desc,
    waiting.last_event_at desc,
    user_keys.user_id asc,
    products.product_id asc
