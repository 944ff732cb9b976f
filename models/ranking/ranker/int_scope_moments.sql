{# The last event before each cut: the shop may have been closed before it. #}
with cuts as (
    select
        'learned' as scope,
        graph_cutoff_at as cut_at
    from {{ ref("int_learning_timeline") }}
    union all
    select
        'evaluated' as scope,
        graph_cutoff_at as cut_at
    from {{ ref("int_timeline") }}
    union all
    select
        'published' as scope,
        {{ "graph_cutoff_at" if var("targets")
            else "last_event_at + interval '1 second'" }} as cut_at
    from {{ ref("int_timeline") }}
)

select
    cuts.scope,
    max(interactions.event_at) + interval '1 microsecond' as known_until
from cuts
inner join {{ ref("int_interactions") }} as interactions
    on cuts.cut_at > interactions.event_at
group by cuts.scope
