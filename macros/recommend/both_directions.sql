{% macro both_directions(pairs, one, other, columns=[]) -%}
    {# The query that turns pairs of products, stored once each, both ways: product_key,
       neighbour_key and the columns that go with a pair. #}
    {%- for ends in ((one, other), (other, one)) %}
    select
        {{ ends[0] }} as product_key,
        {{ ends[1] }} as neighbour_key
        {%- for column in columns %},
        {{ column }}
        {%- endfor %}
    from {{ pairs }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
