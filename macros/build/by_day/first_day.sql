{% macro first_day() -%}
    {# The first day that a query of `parquet_by_day` is asked for: all days, until the
       materialization puts another in. #}
    {{- return("date '0001-01-01' /* first day */") -}}
{%- endmacro %}
