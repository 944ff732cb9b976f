{% macro pair_key(product_key, neighbour_key) -%}
    {# One integer for a pair of products, whose keys are below 2 ** 31. #}
    cast({{ product_key }} as bigint) * 2147483648 + {{ neighbour_key }}
{%- endmacro %}
