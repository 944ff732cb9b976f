{% macro ranker() -%}
    {# The var of that name; YAML takes off without quotes for false. #}
    {{- return("off" if not var("ranker") else var("ranker")) -}}
{%- endmacro %}
