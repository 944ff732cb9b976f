{% macro rows_by_duckdb(query) -%}
    {# The rows of a DuckDB query over the tables of the build, as lists. #}
    {{- return(adapter.dispatch("rows_by_duckdb", "longtail")(query)) -}}
{%- endmacro %}

{% macro duckdb__rows_by_duckdb(query) -%}
    {% set rows = [] %}
    {% for row in run_query(query) %}{% do rows.append(row.values() | list) %}{% endfor %}
    {{- return(rows) -}}
{%- endmacro %}

{% macro spark__rows_by_duckdb(query) -%}
    {{- return(longtail_package("rows_by_duckdb", {"query": query})) -}}
{%- endmacro %}
