{% macro category_level(category_code, level) -%}
    {# The name at one level of "a.b.c"; null below the last level, and when there is no code. #}
    nullif(split_part({{ category_code }}, '.', {{ level }}), '')
{%- endmacro %}
