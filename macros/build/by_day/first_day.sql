{% macro first_day() -%}
    {# The first day that a query of `parquet_by_day` is asked for, by the variable of that name; all
       days where it is not set. A constant to the optimizer, which reads the files of those days. #}
    {{- return("coalesce(getvariable('first_day'), date '0001-01-01')") -}}
{%- endmacro %}
