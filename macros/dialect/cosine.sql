{% macro cosine(one, other) -%}
    {# Cosine of the angle between two vectors, columns of lists of floats. #}
    {{- return(adapter.dispatch("cosine", "longtail")(one, other)) -}}
{%- endmacro %}

{% macro default__cosine(one, other) -%}
    {{ dot_product(one, other) }}
    / sqrt({{ dot_product(one, one) }} * {{ dot_product(other, other) }})
{%- endmacro %}

{% macro duckdb__cosine(one, other) -%}
    list_cosine_similarity({{ one }}, {{ other }})
{%- endmacro %}
