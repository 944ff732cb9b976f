{% macro joined_by_dots(column, separator) -%}
    {# The non-blank parts of a path, joined by dots; null when there is none. #}
    nullif(array_to_string(list_filter(
        list_transform(
            string_split({{ column }}, '{{ separator }}'),
            lambda part: trim(replace(part, '.', ' '))
        ),
        lambda part: part != ''
    ), '.'), '')
{%- endmacro %}
