{% macro in_batch(key=none) -%}
    {#
        Condition that a materialization narrows to one batch, by the variables `batch` and
        `batches`: the rows whose column `batch` is that one or, with a key, a column of whole
        numbers, those that leave it as a remainder. True for all rows where neither is set.
    #}
    {%- if key -%}
        {{ key }} % coalesce(getvariable('batches'), 1) = coalesce(getvariable('batch'), 0)
    {%- else -%}
        batch = coalesce(getvariable('batch'), batch)
    {%- endif -%}
{%- endmacro %}
