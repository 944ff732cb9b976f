{% macro exact_sum(value, digits, bits=128) -%}
    {#
        Order-independent sum: each term is rounded to `digits` decimal places and added as an
        integer, of 128 bits unless 64 suffice. A sum of floats depends on the order of its terms,
        hence on the threads; so would the graph, the walks and the vectors.
    #}
    {%- set whole = "bigint" if bits == 64 else "decimal(38, 0)" -%}
    sum(cast(round(1e{{ digits }} * {{ value }}) as {{ whole }})) / 1e{{ digits }}
{%- endmacro %}
