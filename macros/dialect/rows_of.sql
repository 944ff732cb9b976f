{% macro rows_of(column) -%}
    {# In a select list: one row per struct of a list, its fields as columns. #}
    {{- return(adapter.dispatch("rows_of", "longtail")(column)) -}}
{%- endmacro %}

{% macro duckdb__rows_of(column) -%}
    unnest({{ column }}, recursive := true)
{%- endmacro %}

{% macro spark__rows_of(column) -%}
    inline({{ column }})
{%- endmacro %}
