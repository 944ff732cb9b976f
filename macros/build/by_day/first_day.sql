{% macro first_day() -%}
    {# The first day that a query of `parquet_by_day` must return; all days unless the
       materialization sets it. #}
    {{- return(adapter.dispatch("first_day", "longtail")()) -}}
{%- endmacro %}

{% macro duckdb__first_day() -%}
    {# A constant to the optimizer, so that only the files of those days are read. #}
    {{- return("coalesce(getvariable('first_day'), date '0001-01-01')") -}}
{%- endmacro %}

{% macro spark__first_day() -%}
    {# The materialization replaces this with the day. #}
    {{- return("date '0001-01-01' /* first day */") -}}
{%- endmacro %}
