{% macro set_variables(values) -%}
    {# Statements that set DuckDB variables to SQL expressions, by name, for the connection's next
       queries. #}
    {%- for name, value in values.items() %}
    set variable {{ name }} = {{ value }};
    {%- endfor %}
{%- endmacro %}
