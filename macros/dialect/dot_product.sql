{% macro dot_product(one, other) -%}
    {# Inner product of two vectors, columns of lists of floats. #}
    {{- return(adapter.dispatch("dot_product", "longtail")(one, other)) -}}
{%- endmacro %}

{% macro duckdb__dot_product(one, other) -%}
    list_inner_product({{ one }}, {{ other }})
{%- endmacro %}
