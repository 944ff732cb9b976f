{% macro last_day() -%}
    {# The last day that a query of `parquet_by_day` must return, as in `first_day`. #}
    {{- return(adapter.dispatch("last_day", "longtail")()) -}}
{%- endmacro %}

{% macro default__last_day() -%}
    {{- return("date '9999-12-31'") -}}
{%- endmacro %}

{% macro duckdb__last_day() -%}
    {{- return("coalesce(getvariable('last_day'), date '9999-12-31')") -}}
{%- endmacro %}
