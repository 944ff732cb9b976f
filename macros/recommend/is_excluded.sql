{% macro is_excluded(exclude=none) -%}
    {# Condition that, by its event_type, an event keeps its product from being recommended to its
       user again: by the var `exclude` or another value of it. #}
    {%- set exclude = exclude or var("exclude") -%}
    {%- if exclude in ("purchased", "auto") -%}
        {{ is_one_of("event_type", var("purchase_event_types")) }}
    {%- elif exclude == "seen" -%} {{ event_weight("event_type") }} > 0
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}
