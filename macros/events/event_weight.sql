{% macro event_weight(column) -%}
    {#
        The weight of an event type, from the var event_weights. dbt parses all SQL before
        begin_build can refuse a var of a wrong type, so macros must survive one.
    #}
    {%- set weights = var("event_weights") if var("event_weights") is mapping else {} %}
    cast(case {{ column }}
        {%- for event_type in weights %}
        when {{ text_literal(event_type) }}
            then {{ weights[event_type] }}
        {%- endfor %}
    end as double)
{%- endmacro %}
