{% macro in_batch() -%}
    {# Condition that the materialization `parquet` narrows to one batch of keys at a time. #}
    {{- return("true /* in batch */") -}}
{%- endmacro %}
