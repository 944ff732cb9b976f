{% macro last_day() -%}
    {# The last day that a query of `parquet_by_day` is asked for, as in `first_day`. #}
    {{- return("coalesce(getvariable('last_day'), date '9999-12-31')") -}}
{%- endmacro %}
