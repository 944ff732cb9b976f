{% macro sample_skewness(column) -%}
    {# Skewness of a sample, corrected for bias; 0 where it is not defined. Other engines' skewness
       is that of a population. #}
    {{- return(adapter.dispatch("sample_skewness", "longtail")(column)) -}}
{%- endmacro %}

{% macro default__sample_skewness(column) -%}
    coalesce(
        skewness({{ column }})
        * sqrt(count({{ column }}) * (count({{ column }}) - 1e0))
        / nullif(greatest(count({{ column }}) - 2, 0), 0),
        0
    )
{%- endmacro %}

{% macro duckdb__sample_skewness(column) -%}
    coalesce(skewness({{ column }}), 0)
{%- endmacro %}
