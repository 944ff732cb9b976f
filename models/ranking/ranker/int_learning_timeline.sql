{# Like int_timeline, for the ranker's cut: its features end there, and its labels are
   what users did from there to the graph's cut. Those days are split into slices as
   long as the evaluated time, so that training matches the evaluation.
   1. spans, slices: how long a slice is, and how many there are;
   2. came_back: users who were there before these slices and came back. When they are
      too few to learn from, up to half of the log is asked, so that the lists that
      replace the ranker are compared on more cases. #}
with spans as (
    select
        first_event_at,
        graph_cutoff_at as learning_ends_at,
        {{ seconds_between("first_event_at", "graph_cutoff_at") }} / 5 as fifth_of_log,
        {% if var("targets") %} {{ var("ranker_days") }} * 86400 {% else %}
            {{ seconds_between("graph_cutoff_at", "last_event_at") }} + 1
        {% endif %} as evaluated_seconds
    from {{ ref("int_timeline") }}
),

lengths as (
    select
        *,
        cast(greatest(1, least(evaluated_seconds, fifth_of_log)) as bigint)
            as slice_seconds,
        least({{ var("ranker_days") }} * 86400, fifth_of_log) as most_seconds
    from spans
),

slices as (
    select
        *,
        cast(floor(2.5e0 * fifth_of_log / slice_seconds) as bigint) as slices_of_half,
        greatest(
            1,
            least(2, cast(floor(fifth_of_log / slice_seconds) as bigint)),
            cast(floor(most_seconds / slice_seconds) as bigint)
        ) as slices
    from lengths
),

users as (
    select
        user_key,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at
    from {{ ref("int_interactions") }}
    where event_weight > 0 and not is_holdout
    group by user_key
),

came_back as (
    select count(*) as users
    from users
    inner join slices
        on
            users.first_event_at < slices.learning_ends_at
            - interval '1 second' * (slices.slice_seconds * slices.slices)
            and users.last_event_at >= slices.learning_ends_at
            - interval '1 second' * (slices.slice_seconds * slices.slices)
)

select
    slices.first_event_at,
    slices.learning_ends_at - interval '1 second' * (
        slices.slice_seconds * case
            when came_back.users >= {{ var("ranker_min_cases") }} then slices.slices
            else greatest(slices.slices, slices.slices_of_half)
        end
    ) as graph_cutoff_at,
    slices.learning_ends_at,
    slices.slice_seconds
from slices
cross join came_back
