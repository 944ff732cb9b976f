{% macro json_text(json, name) -%}
    {# One value of a JSON object, as text. #}
    {{- return(adapter.dispatch("json_text", "longtail")(json, name)) -}}
{%- endmacro %}

{% macro duckdb__json_text(json, name) -%}
    {{ json }} ->> '{{ name }}'
{%- endmacro %}

{% macro spark__json_text(json, name) -%}
    get_json_object({{ json }}, '$.{{ name }}')
{%- endmacro %}
