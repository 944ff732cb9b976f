{% macro set_variables(values) -%}
    {# Statements that give DuckDB's variables values, SQL expressions by name: they hold for what
       the connection runs next. #}
    {%- for name, value in values.items() %}
    set variable {{ name }} = {{ value }};
    {%- endfor %}
{%- endmacro %}
