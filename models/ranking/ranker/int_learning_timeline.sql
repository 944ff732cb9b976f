{# Like int_timeline, for the ranker's cut: its features end there, and its labels are
   what users did from there to the graph's cut. Those days are split into slices as
   long as the evaluated time, so that training matches the evaluation. #}
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

slices as (
    select
        *,
        cast(greatest(1, least(evaluated_seconds, fifth_of_log)) as bigint)
            as slice_seconds,
        least({{ var("ranker_days") }} * 86400, fifth_of_log) as most_seconds
    from spans
)

select
    first_event_at,
    learning_ends_at
    - interval '1 second' * (
        slice_seconds * greatest(
            1,
            least(2, cast(floor(fifth_of_log / slice_seconds) as bigint)),
            cast(floor(most_seconds / slice_seconds) as bigint)
        )
    ) as graph_cutoff_at,
    learning_ends_at,
    slice_seconds
from slices
