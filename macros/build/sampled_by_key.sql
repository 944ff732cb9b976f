{% macro sampled_by_key(model, columns) -%}
    {#
        Condition that keeps all rows of some keys: of every key while the table has fewer
        than four million rows, and otherwise of as many as have about two million. So a test
        that groups or joins runs on a month of a large shop too, and sees the same rows again.
    #}
    {%- set rows_wanted = 2000000 %}
    abs(hash({{ columns | join(", ") }}) % greatest(
        1, (select cast(floor(count(*) / {{ rows_wanted }}) as integer) from {{ model }})
    )) = 0
{%- endmacro %}
