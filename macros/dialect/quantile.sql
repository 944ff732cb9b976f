{% macro quantile(column, share) -%}
    {# The value below which a share of a group lies, interpolated between two of its values. #}
    {{- return(adapter.dispatch("quantile", "longtail")(column, share)) -}}
{%- endmacro %}

{% macro default__quantile(column, share) -%}
    percentile({{ column }}, {{ share }})
{%- endmacro %}

{% macro duckdb__quantile(column, share) -%}
    quantile_cont({{ column }}, {{ share }})
{%- endmacro %}
