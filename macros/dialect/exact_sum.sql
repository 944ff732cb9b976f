{% macro exact_sum(value, digits, bits=128) -%}
    {#
        A sum that does not depend on the order of its terms: each is rounded to `digits` decimal
        places and counted as a whole number, of 128 bits unless 64 are known to do. A sum of floats
        depends on the order, hence on the threads, and with it the graph, the walks and the vectors
        would.
    #}
    {%- set whole = "bigint" if bits == 64 else "decimal(38, 0)" -%}
    sum(cast(round(1e{{ digits }} * {{ value }}) as {{ whole }})) / 1e{{ digits }}
{%- endmacro %}
