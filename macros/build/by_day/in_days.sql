{% macro in_days(column) -%}
    {# Condition that the materialization `parquet_by_day` narrows to the days being built. #}
    {{- return(column ~ " between " ~ first_day() ~ " and " ~ last_day()) -}}
{%- endmacro %}
