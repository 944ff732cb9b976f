{{ config(
    materialized="parquet_by_day",
    day="session_date",
    in_batches=true,
    starts_at="first_open_session_day",
) }}

{# A session belongs, with all its events, to the day on which it starts.
   1. events: weighted; read back one session gap before first_day, so that a
      session already open at midnight is recognised and left to its own day;
   2. sessions: cut at each silence, short stays marked;
   3. repeats: marked among the rest. #}
with events as (
    select
        users.user_key,
        products.product_key,
        events.event_at,
        events.event_type,
        {{ event_weight("events.event_type") }}
        * coalesce(events.event_weight, 1) as event_weight,
        events.event_weight is not null as has_own_weight,
        coalesce(events.user_session, '') as user_session,
        {{ moment_id("events.event_date", "events.place") }} as moment_id,
        days.has_seconds
    from {{ ref("int_events_deduplicated") }} as events
    inner join {{ ref("int_user_keys") }} as users on events.user_id = users.user_id
    inner join {{ ref("int_product_keys") }} as products
        on events.product_id = products.product_id
    inner join {{ ref("int_log_days") }} as days
        on events.event_date = days.event_date
    where
        events.event_date >= cast({{ first_day() }} - {{ session_gap() }} as date)
        and events.event_at >= {{ first_day() }} - {{ session_gap() }}
        and {{ in_batch(key="users.user_key") }}
),

{{ sessions_of("events") }},

repeats as (
    {# Partitioned by the flag too: a short stay between two views does not separate
       them. Rows with a weight of their own repeat nothing: each counts. #}
    select
        *,
        {{ date_of_moment("session_id") }} as session_date,
        not has_own_weight
        and coalesce(
            lag(product_key) over in_order = product_key
            and lag(event_type) over in_order = event_type,
            false
        ) as is_repeat
    from sessions
    window in_order as (
        partition by session_id, is_short_stay
        order by event_at, event_weight, event_type, product_key, has_own_weight
    )
)

select
    user_key,
    product_key,
    session_id,
    session_date,
    event_at,
    event_type,
    event_weight,
    case
        when is_short_stay then 'short stay'
        when is_repeat then 'repeat'
    end as removed_as
from repeats
where session_date >= {{ first_day() }}
