{{ config(post_hook="{{ require_clean_events() }}") }}

{# The one cut in time: the graph learns from events before it, evaluation uses those
   after it. The log begins and ends with a day of real traffic, so that a wrong clock
   moves nothing. It ends a moment after its last event, so that a holdout of 0 days is
   empty. At most a fifth of the log is held out: otherwise a log of a few hours would
   leave no graph. #}
with log_days as (
    select
        min(event_date) as first_date,
        cast(max(event_date) + interval '1 day' as timestamp) as log_ends_at
    from {{ ref("int_log_days") }}
    where has_traffic
),

clean_events as (
    select
        events.event_at,
        log_days.first_date,
        log_days.log_ends_at
    from {{ ref("int_events_flagged") }} as events
    cross join log_days
    anti join {{ ref("int_robots") }} as robots on events.user_key = robots.user_key
    where events.removed_as is null and events.event_at < log_days.log_ends_at
),

span as (
    select
        coalesce(
            min(event_at) filter (where event_at >= first_date), min(event_at)
        ) as first_event_at,
        max(event_at) as last_event_at,
        max(log_ends_at) as log_ends_at
    from clean_events
),

timeline as (
    {# A cut after the end is moved to the end: nothing is aged by time that has not
       passed. #}
    select
        first_event_at,
        last_event_at,
        log_ends_at,
        least(
            last_event_at + interval '1 second',
            log_ends_at,
            {% if var("graph_cutoff") %}
                timestamp '{{ var("graph_cutoff") }}'
            {% else %}
                last_event_at + interval '1 second'
                - interval '1 second' * least(
                    {{ var("holdout_days") }} * 86400,
                    {{ seconds_between("first_event_at", "last_event_at") }} / 5
                )
            {% endif %}
        ) as graph_cutoff_at
    from span
)

select * from timeline
