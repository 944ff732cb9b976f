{% macro event_weight(column) -%}
    {# The weight of an event type, from the var event_weights. #}
    case {{ column }}
        {%- for event_type, weight in var("event_weights").items() %}
        when '{{ adapter.escape_sql_string(event_type) }}' then {{ weight }}
        {%- endfor %}
    end::double
{%- endmacro %}
