{% macro exact_sum(value, digits) -%}
    {#
        A sum that does not depend on the order of its terms: each is rounded to `digits` decimal
        places and counted as a whole number of 128 bits. A sum of floats depends on the order, hence
        on the threads, and with it the graph, the walks and the vectors would.
    #}
    sum(cast(round(1e{{ digits }} * {{ value }}) as hugeint)) / 1e{{ digits }}
{%- endmacro %}
