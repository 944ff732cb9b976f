{{ config(post_hook="{{ require_clean_events() }}") }}

{# The one cut in time: the graph learns from what lies before it, evaluation asks about
   what lies after it. The log ends a moment after its last event, so that no holdout is
   none. At most a fifth of the log is held out: one of a few hours would leave no graph
   otherwise. #}
with kept_events as (

    select events.event_at
    from {{ ref("int_events_flagged") }} as events
    anti join {{ ref("int_robots") }} as robots on events.user_key = robots.user_key
    where events.removed_as is null

),

timeline as (

    select
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        {% if var("graph_cutoff") %}
            timestamp '{{ var("graph_cutoff") }}'
        {% else %}
            max(event_at) + interval '1 second'
            - interval '1 second' * least(
                {{ var("holdout_days") }} * 86400,
                date_diff('second', min(event_at), max(event_at)) / 5
            )
        {% endif %}
            as graph_cutoff_at
    from kept_events

)

select * from timeline
