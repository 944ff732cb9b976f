{# Consecutive events of a session further apart than `session_gap_minutes`. #}
with events as (
    select
        session_id,
        event_at,
        lag(event_at) over (
            partition by session_id order by event_at
        ) as event_before_at
    from {{ ref("int_events_flagged") }}
    where {{ sampled_by_key(ref("int_events_flagged"), ["session_id"]) }}
)

select * from events
where
    event_at - event_before_at
    > interval '1 second' * ({{ var("session_gap_minutes") }} * 60)
