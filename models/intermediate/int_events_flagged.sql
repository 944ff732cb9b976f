{{ config(post_hook="{{ require_clean_events() }}") }}

with events as (

    select
        users.user_key,
        products.product_key,
        events.event_at,
        events.event_type,
        {{ event_weight("events.event_type") }} as event_weight,
        coalesce(events.user_session, '') as user_session,
        robots.user_id is not null as is_robot
    from {{ ref("int_events_deduplicated") }} as events
    inner join {{ ref("int_user_keys") }} as users on events.user_id = users.user_id
    inner join {{ ref("int_product_keys") }} as products
        on events.product_id = products.product_id
    left join {{ ref("int_robots") }} as robots on events.user_id = robots.user_id

),

session_starts as (

    select
        *,
        coalesce(
            event_at - lag(event_at) over in_session
            > interval '1 second' * ({{ var("session_gap_minutes") }} * 60),
            true
        ) as is_session_start
    from events
    window in_session as (
        partition by user_key, user_session
        order by event_at, event_weight, event_type, product_key
    )

),

sessions as (

    {# A session_id is the user's key and the user's count of sessions so far, in one
       integer. #}
    select
        * exclude (is_session_start, user_session),
        user_key * cast(2147483648 as bigint) + cast(sum(
            cast(is_session_start as integer)
        ) over (
            partition by user_key
            order by
                user_session,
                event_at,
                event_weight,
                event_type,
                product_key,
                is_session_start desc
            rows between unbounded preceding and current row
        ) as bigint) as session_id
    from session_starts

),

stays as (

    select
        *,
        array_contains({{ text_list(var("click_event_types")) }}, event_type)
        and coalesce(
            lead(product_key) over in_order != product_key
            and lead(event_at) over in_order - event_at
            < interval '1 second' * {{ var("min_stay_seconds") }},
            false
        ) as is_short_stay
    from sessions
    window in_order as (
        partition by session_id
        order by event_at, event_weight, event_type, product_key
    )

),

repeats as (

    {# Partitioned by the flag too: a short stay between two views does not part
       them. #}
    select
        *,
        coalesce(
            lag(product_key) over in_order = product_key
            and lag(event_type) over in_order = event_type,
            false
        ) as is_repeat
    from stays
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
        event_at,
        event_type,
        event_weight,
        case
            when is_robot then 'robot'
            when is_short_stay then 'short stay'
            when is_repeat then 'repeat'
        end as removed_as
    from repeats

)

select * from flagged
