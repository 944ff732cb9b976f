{% macro first_day() -%}
    {# The first day that a query of `parquet_by_day` is asked for; all days unless the
       materialization says otherwise. #}
    {{- return(adapter.dispatch("first_day", "longtail")()) -}}
{%- endmacro %}

{% macro duckdb__first_day() -%}
    {# A constant to the optimizer, which reads the files of those days. #}
    {{- return("coalesce(getvariable('first_day'), date '0001-01-01')") -}}
{%- endmacro %}

{% macro spark__first_day() -%}
    {# The materialization writes the day in its place. #}
    {{- return("date '0001-01-01' /* first day */") -}}
{%- endmacro %}
