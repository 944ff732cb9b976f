{% macro known_in_scopes(events) -%}
    {#
        The query of what each scope knows of users (scope, user_key, product_key, event_at,
        asked_at): the events of a relation (user_key, product_key, event_at) before the moment at
        which the scope asks for lists. With external targets that is the end of the log.
    #}
    select
        'published' as scope,
        events.*,
        timeline.last_event_at as asked_at
    from {{ events }} as events
    cross join {{ ref("int_timeline") }} as timeline
    union all
    select
        'evaluated' as scope,
        events.*,
        timeline.{{ "last_event_at" if var("targets") else "graph_cutoff_at" }} as asked_at
    from {{ events }} as events
    semi join {{ ref("int_targets") }} as targets on events.user_key = targets.user_key
    cross join {{ ref("int_timeline") }} as timeline
    {% if not var("targets") %}
        where timeline.graph_cutoff_at > events.event_at
    {% endif %}
    {% if ranker() != "off" %}
        union all
        select
            'learned' as scope,
            events.*,
            cases.asked_at
        from {{ events }} as events
        inner join {{ ref("int_ranker_cases") }} as cases
            on events.user_key = cases.user_key and events.event_at < cases.asked_at
    {% endif %}
{%- endmacro %}
