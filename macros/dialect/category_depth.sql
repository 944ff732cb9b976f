{% macro category_depth(category_code) -%}
    {# The number of levels of "a.b.c". #}
    cast(length({{ category_code }}) - length(replace({{ category_code }}, '.', '')) + 1 as integer)
{%- endmacro %}
