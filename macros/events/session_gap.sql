{% macro session_gap() -%}
    {# The silence that ends a session, as an interval. #}
    {{- return("interval '1 second' * (" ~ var("session_gap_minutes") ~ " * 60)") -}}
{%- endmacro %}
