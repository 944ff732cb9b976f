{% macro joined_by_dots(column, separator) -%}
    {# The parts of a path that are no blanks, with dots between them; null when there is none. #}
    nullif(array_to_string(list_filter(
        list_transform(
            string_split({{ column }}, '{{ separator }}'),
            lambda part: trim(replace(part, '.', ' '))
        ),
        lambda part: part != ''
    ), '.'), '')
{%- endmacro %}
