{% macro in_batch(column="batch", key=none) -%}
    {#
        Condition that a materialization narrows to one batch, by the variables `batch` and
        `batches`: the rows whose `column` is that one or, with a `key` of whole numbers, those that
        leave it as a remainder. True for all rows where neither is set.
    #}
    {%- if key -%}
        {{ key }} % coalesce(getvariable('batches'), 1) = coalesce(getvariable('batch'), 0)
    {%- else -%}
        {{ column }} = coalesce(getvariable('batch'), {{ column }})
    {%- endif -%}
{%- endmacro %}
