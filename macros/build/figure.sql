{% macro figure(name, column="value") -%}
    {# One figure of a build, as an aggregate over rows that have a figure each. #}
    max({{ column }}) filter (where figure = '{{ name }}')
{%- endmacro %}
