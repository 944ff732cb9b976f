{% macro in_batch(column="batch", key=none) -%}
    {#
        Condition that a materialization narrows to one batch, by the variables `batch` and
        `batches`: the rows whose `column` equals it or, with an integer `key`, those whose
        remainder does. True for all rows where neither is set.
    #}
    {{- return(adapter.dispatch("in_batch", "longtail")(column, key)) -}}
{%- endmacro %}

{% macro default__in_batch(column, key) -%}
    {# Only DuckDB needs batches: other engines divide the work themselves. #}
    true
{%- endmacro %}

{% macro duckdb__in_batch(column, key) -%}
    {%- if key -%}
        {{ key }} % coalesce(getvariable('batches'), 1) = coalesce(getvariable('batch'), 0)
    {%- else -%}
        {{ column }} = coalesce(getvariable('batch'), {{ column }})
    {%- endif -%}
{%- endmacro %}
