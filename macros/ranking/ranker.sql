{% macro ranker() -%}
    {# The var of that name; YAML reads off without quotes as false. #}
    {{- return("off" if not var("ranker") else var("ranker")) -}}
{%- endmacro %}
