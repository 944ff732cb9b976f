{% macro scoped_interactions() -%}
    {#
        Interactions twice: scope 'published' looks back from the end of the log, scope
        'evaluated' from the moment of evaluation, for the users with targets. The same rules
        run over both.
    #}
    select
        'published' as scope,
        *
    from {{ ref("int_interactions") }}
    union all
    select
        'evaluated' as scope,
        *
    from {{ ref("int_interactions") }}
    where
        {{ known_at_evaluation() }}
        and user_key in (select user_key from {{ ref("int_targets") }})
{%- endmacro %}
