{% macro text_literal(text) -%}
    {# Any value as an SQL string literal. #}
    {{- return(adapter.dispatch("text_literal", "longtail")(text | string)) -}}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__text_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
