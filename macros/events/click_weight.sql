{% macro click_weight() -%}
    {# The largest weight of a click: events above it show that a product is wanted. #}
    {%- set by_type = var("event_weights") if var("event_weights") is mapping else {} -%}
    {%- set weights = [0] -%}
    {%- for event_type, weight in by_type.items() if weight is number and event_type in (
        var("click_event_types") if var("click_event_types") is iterable else []
    ) -%}
        {%- do weights.append(weight) -%}
    {%- endfor -%}
    {{- weights | max -}}
{%- endmacro %}
