{% macro sampled_by_key(model, columns) -%}
    {#
        Condition that samples whole keys: all of them while the table has fewer than four million
        rows, else those of about two million rows. A test that groups or joins can then run on a
        month of a large shop, always on the same rows.
    #}
    {%- set rows_wanted = 2000000 %}
    abs(hash({{ columns | join(", ") }}) % greatest(
        1, (select cast(floor(count(*) / {{ rows_wanted }}) as integer) from {{ model }})
    )) = 0
{%- endmacro %}
