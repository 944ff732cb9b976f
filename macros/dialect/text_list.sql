{% macro text_list(values) -%}
    {# A list of texts as an SQL array; the keys, when given a mapping. #}
    [
    {%- for value in (values if values is iterable else []) -%}
        '{{ adapter.escape_sql_string(value | string) }}'{{ ", " if not loop.last }}
    {%- endfor -%}
    ]
{%- endmacro %}
