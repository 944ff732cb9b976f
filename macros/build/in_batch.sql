{% macro in_batch() -%}
    {# Condition that the materialization `parquet` narrows to one value of `batch` at a time. #}
    {{- return("true /* in batch */") -}}
{%- endmacro %}
