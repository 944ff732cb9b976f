{# A user's products by number of sessions, ties by the latest. #}
{{ config(
    enabled=(
        var("exclude", "purchased") in ("none", "auto")
        and var("ranker", "trees") not in ("off", false)
    )
) }}

with interactions as (
    {{ scoped_interactions() }}
),

own_products as (
    select
        scope,
        user_key,
        product_key,
        count(distinct session_id) as sessions,
        max(event_at) as last_event_at
    from interactions
    where event_weight > 0
    group by scope, user_key, product_key
)

select
    scope,
    user_key,
    product_key,
    sessions,
    cast(row_number() over (
        partition by scope, user_key
        order by sessions desc, last_event_at desc, product_key
    ) as integer) as place
from own_products
qualify place <= 100
