{% macro plain_exclusions() -%}
    {# The query of what is withheld from a user for good (scope, user_key, product_key). #}
    with withheld as (
        select * from {{ ref("int_withheld_products") }}
    ),

    excluded as (
        select
            'published' as scope,
            user_key,
            product_key
        from withheld
        union all
        select
            'evaluated' as scope,
            withheld.user_key,
            withheld.product_key
        from withheld
        semi join {{ ref("int_targets") }} as targets
            on withheld.user_key = targets.user_key
        {% if not var("targets") %}
            where withheld.first_event_at < (
                select timeline.graph_cutoff_at from {{ ref("int_timeline") }} as timeline
            )
        {% endif %}
        {% if ranker() != "off" %}
            union all
            select
                'learned' as scope,
                withheld.user_key,
                withheld.product_key
            from withheld
            inner join {{ ref("int_ranker_cases") }} as cases
                on
                    withheld.user_key = cases.user_key
                    and withheld.first_event_at < cases.asked_at
        {% endif %}
    )

    select * from excluded
{%- endmacro %}
