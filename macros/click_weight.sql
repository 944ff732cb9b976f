{% macro click_weight() -%}
    {# The largest weight of a click: events above it show that a product is wanted. #}
    {%- set weights = [0] -%}
    {%- for event_type in var("click_event_types") if event_type in var("event_weights") -%}
        {%- do weights.append(var("event_weights")[event_type]) -%}
    {%- endfor -%}
    {{- weights | max -}}
{%- endmacro %}
