{# How popular a product is and since when, as of each scope's moment. #}
with moments as (

    select
        'learned' as scope,
        graph_cutoff_at as known_until
    from {{ ref("int_learning_timeline") }}
    union all
    select
        'evaluated' as scope,
        graph_cutoff_at as known_until
    from {{ ref("int_timeline") }}
    union all
    select
        'published' as scope,
        {% if var("targets") %} graph_cutoff_at {% else %}
            last_event_at + interval '1 second'
        {% endif %} as known_until
    from {{ ref("int_timeline") }}

),

activity as (

    select
        moments.scope,
        interactions.product_key,
        count(*) as interactions,
        count(*) filter (where interactions.is_purchase) as purchases,
        {% for days in (1, 3, 7) %}
            count(*) filter (
                where interactions.event_at >= moments.known_until - interval '{{ days }} days'
            ) as interactions_{{ days }},
        {% endfor %}
        min(date_diff('second', interactions.event_at, moments.known_until)) / 86400
            as last_seen_days,
        max(date_diff('second', interactions.event_at, moments.known_until)) / 86400
            as first_seen_days
    from {{ ref("int_interactions") }} as interactions
    inner join moments on interactions.event_at < moments.known_until
    where interactions.event_weight > 0
    group by moments.scope, interactions.product_key

)

select
    *,
    cast(row_number() over (
        partition by scope order by interactions_7 desc, interactions desc, product_key
    ) as integer) as recent_rank
from activity
