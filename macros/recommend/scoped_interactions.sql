{% macro scoped_interactions() -%}
    {#
        Interactions by scope: 'published' up to the end of the log, 'evaluated' up to the moment of
        evaluation, for the users with targets, 'learned' up to the moment of each of the ranker's
        cases. All follow the same rules.
    #}
    select
        'published' as scope,
        *
    from {{ ref("int_interactions") }}
    union all
    select
        'evaluated' as scope,
        interactions.*
    from {{ ref("int_interactions") }} as interactions
    where
        {{ known_at_evaluation("interactions.is_holdout") }}
        and interactions.user_key in (
            select targets.user_key from {{ ref("int_targets") }} as targets
        )
    {% if ranker() != "off" %}
        union all
        select
            'learned' as scope,
            interactions.*
        from {{ ref("int_interactions") }} as interactions
        inner join {{ ref("int_ranker_cases") }} as cases
            on
                interactions.user_key = cases.user_key
                and interactions.event_at < cases.asked_at
    {% endif %}
{%- endmacro %}
