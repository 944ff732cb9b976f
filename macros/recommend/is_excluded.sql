{% macro is_excluded(exclude=none) -%}
    {# Condition on an event by its event_type: its product is not recommended to its user again, by
       the var of that name or another value of it. #}
    {%- set exclude = exclude or var("exclude") -%}
    {%- if exclude in ("purchased", "auto") -%}
        {{ is_one_of("event_type", var("purchase_event_types")) }}
    {%- elif exclude == "seen" -%} {{ event_weight("event_type") }} > 0
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}
