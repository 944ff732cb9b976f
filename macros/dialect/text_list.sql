{% macro text_list(values) -%}
    {# A list of texts as an SQL array; the keys, when given a mapping. #}
    [
    {%- for value in (values if values is iterable else []) -%}
        {{ text_literal(value) }}{{ ", " if not loop.last }}
    {%- endfor -%}
    ]
{%- endmacro %}
