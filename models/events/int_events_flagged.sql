{{ config(
    materialized="parquet_by_day",
    day="session_date",
    batch_by="user_key",
    starts_at="first_open_session_day",
) }}

{# A session belongs, with all its events, to the day on which it starts. To tell where
   the first ones start, reading begins one silence before the first day; a session with
   an event in there is an earlier day's. #}
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
        date_diff('day', date '1970-01-01', events.event_date)
        * cast(4294967296 as bigint) + events.place as moment_id,
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
        and {{ in_batch() }}

),

neighbours as (

    select
        *,
        event_at - lag(event_at) over in_session as silence,
        lead(event_at) over in_session - event_at as stay,
        lead(product_key) over in_session as next_product_key
    from events
    window in_session as (
        partition by user_key, user_session
        order by event_at, event_weight, event_type, product_key
    )

),

sessions as (

    {# The number of a session is that of its first moment, which no later day changes.
       Events of one second share it: a range, not rows. #}
    select
        user_key,
        product_key,
        event_at,
        event_type,
        event_weight,
        has_own_weight,
        max(
            case when silence <= {{ session_gap() }} then null else moment_id end
        ) over (
            partition by user_key, user_session
            order by event_at
            range between unbounded preceding and current row
        ) as session_id,
        {# A clock without seconds cannot tell a short stay. #}
        has_seconds
        and array_contains({{ text_list(var("click_event_types")) }}, event_type)
        and coalesce(
            next_product_key != product_key
            and stay < interval '1 second' * {{ var("min_stay_seconds") }}
            and stay <= {{ session_gap() }},
            false
        ) as is_short_stay
    from neighbours

),

repeats as (

    {# Partitioned by the flag too: a short stay between two views does not part
       them. Rows with a weight of their own repeat nothing: each counts. #}
    select
        *,
        cast(date '1970-01-01' + cast(session_id // 4294967296 as integer) as date)
            as session_date,
        not has_own_weight
        and coalesce(
            lag(product_key) over in_order = product_key
            and lag(event_type) over in_order = event_type,
            false
        ) as is_repeat
    from sessions
    window in_order as (
        partition by session_id, is_short_stay
        order by event_at, event_weight, event_type, product_key
    )

),

flagged as (

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

)

select * from flagged
