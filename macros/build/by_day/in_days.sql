{% macro in_days(column) -%}
    {# Condition that the materialization `parquet_by_day` narrows to the days that it asks for. #}
    {{- return(column ~ " between " ~ first_day() ~ " and " ~ last_day()) -}}
{%- endmacro %}
