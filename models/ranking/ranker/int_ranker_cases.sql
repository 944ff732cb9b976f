{# One case per user. The holdout tests the time after the cut, an external file of
   targets the event after the history; cases do the same.
   1. actions: each with its slice of time;
   2. moments: the slices in which users act, or their last events;
   3. drawn: one per user by md5, among those with an earlier history. #}
with actions as (
    select
        actions.user_key,
        actions.event_at,
        timeline.graph_cutoff_at,
        timeline.graph_cutoff_at
        + interval '1 second' * timeline.slice_seconds * cast(floor(
            {{ seconds_between("timeline.graph_cutoff_at", "actions.event_at") }}
            / timeline.slice_seconds
        ) as bigint) as slice_at,
        interval '1 second' * timeline.slice_seconds as slice
    from {{ ref("int_user_actions") }} as actions
    cross join {{ ref("int_learning_timeline") }} as timeline
    where timeline.learning_ends_at > actions.event_at
),

users as (
    select
        user_key,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at
    from actions
    group by user_key
    having bool_or(event_at >= graph_cutoff_at)
),

moments as (
    {% if var("targets") %}
        select
            user_key,
            last_event_at as asked_at,
            last_event_at + interval '1 microsecond' as ends_at
        from users
    {% else %}
        select distinct
            user_key,
            slice_at as asked_at,
            slice_at + slice as ends_at
        from actions
        where event_at >= graph_cutoff_at
    {% endif %}
),

drawn as (
    select
        moments.*,
        md5(user_keys.user_id) as draw
    from moments
    inner join {{ ref("int_user_keys") }} as user_keys
        on moments.user_key = user_keys.user_key
    inner join users
        on
            moments.user_key = users.user_key
            and moments.asked_at > users.first_event_at
    qualify row_number() over (
        partition by moments.user_key
        order by md5(user_keys.user_id || ':' || moments.asked_at)
    ) = 1
),

some_cases as (
    select
        user_key,
        asked_at,
        ends_at
    from drawn
    order by draw, user_key
    limit {{ var("ranker_cases") }}
)

select
    *,
    cume_dist() over (order by asked_at) > 0.8
    and asked_at > min(asked_at) over () as is_late
from some_cases
