{% macro substitutes() -%}
    {# The relation of possible substitutes, with new products where the catalogue has content. #}
    {%- if content_columns() -%}
        {{- ref("int_new_substitutes") -}}
    {%- else -%}
        {{- ref("int_substitutes") -}}
    {%- endif -%}
{%- endmacro %}
