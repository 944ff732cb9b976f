{# One case per user. The evaluation's holdout asks about the time after the cut, an external
   file of targets about the event after the history: so do the cases. #}
with interactions as (

    select
        events.user_key,
        events.event_at,
        timeline.graph_cutoff_at,
        timeline.slice_seconds,
        events.event_at >= timeline.graph_cutoff_at as is_learned_from
    from {{ ref("int_user_actions") }} as events
    cross join {{ ref("int_learning_timeline") }} as timeline
    where events.event_at < timeline.learning_ends_at

),

first_events as (

    select
        user_key,
        min(event_at) as first_event_at,
        {# Where targets are asked for after the history, the last event is the question. #}
        max(event_at) as last_event_at
    from interactions
    group by user_key
    having bool_or(is_learned_from)

),

moments as (

    {% if var("targets") %}
        select
            user_key,
            last_event_at as asked_at,
            last_event_at + interval '1 microsecond' as ends_at
        from first_events
        where last_event_at > first_event_at
    {% else %}
        select distinct
            interactions.user_key,
            slices.starts_at as asked_at,
            slices.starts_at + interval '1 second' * interactions.slice_seconds as ends_at
        from interactions
        cross join lateral (
            select
                interactions.graph_cutoff_at + interval '1 second' * (
                    interactions.slice_seconds * cast(floor(date_diff(
                        'second', interactions.graph_cutoff_at, interactions.event_at
                    ) / interactions.slice_seconds) as bigint)
                ) as starts_at
        ) as slices
        inner join first_events on interactions.user_key = first_events.user_key
        where
            interactions.is_learned_from
            and first_events.first_event_at < slices.starts_at
    {% endif %}

),

drawn as (

    select
        moments.*,
        md5(user_keys.user_id) as draw
    from moments
    inner join {{ ref("int_user_keys") }} as user_keys
        on moments.user_key = user_keys.user_key
    qualify row_number() over (
        partition by moments.user_key
        order by md5(user_keys.user_id || ':' || moments.asked_at)
    ) = 1

)

select
    user_key,
    asked_at,
    ends_at
from drawn
order by draw, user_key
limit {{ var("ranker_cases") }}
