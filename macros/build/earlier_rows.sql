{% macro earlier_rows(table) -%}
    {# The query for the rows that earlier builds published of a table; empty at the first one. #}
    {%- if execute -%}
        {{- return(longtail_package("earlier", {"table": table})) -}}
    {%- endif -%}
    {{- return("") -}}
{%- endmacro %}
