{% macro is_one_of(column, values) -%}
    {# Condition that a column equals one of the texts in a list, or of the keys of a mapping. #}
    {%- set texts = values | list if values is iterable and values is not string else [] -%}
    {%- if texts -%}
        {{ column }} in (
        {%- for text in texts %}{{ text_literal(text) }}{{ ", " if not loop.last }}{% endfor -%}
        )
    {%- else -%} false {%- endif -%}
{%- endmacro %}
