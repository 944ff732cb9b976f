{% macro text_list(values) -%}
    {# A list of texts as an SQL array; the keys, when given a mapping. #}
    [
    {%- for value in values -%}
        '{{ adapter.escape_sql_string(value) }}'{{ ", " if not loop.last }}
    {%- endfor -%}
    ]
{%- endmacro %}
