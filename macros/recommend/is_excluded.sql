{% macro is_excluded() -%}
    {# Condition on an event by its event_type: its product is not recommended to its user again. #}
    {%- if var("exclude") in ("purchased", "auto") -%}
        {{ is_one_of("event_type", var("purchase_event_types")) }}
    {%- elif var("exclude") == "seen" -%} {{ event_weight("event_type") }} > 0
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}
