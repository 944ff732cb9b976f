{% macro is_excluded() -%}
    {# Condition on an interaction: its product is not recommended to its user again. #}
    {%- if var("exclude") == "purchased" -%} is_purchase
    {%- elif var("exclude") == "seen" -%} event_weight > 0
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}
