{% macro dot_product(one, other) -%}
    {# Inner product of two vectors, columns of lists of floats. #}
    {{- return(adapter.dispatch("dot_product", "longtail")(one, other)) -}}
{%- endmacro %}

{% macro duckdb__dot_product(one, other) -%}
    list_inner_product({{ one }}, {{ other }})
{%- endmacro %}

{% macro spark__dot_product(one, other) -%}
    aggregate(
        zip_with({{ one }}, {{ other }}, (a, b) -> cast(a * b as double)), 0e0, (sum, x) -> sum + x
    )
{%- endmacro %}
