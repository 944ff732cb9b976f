{% macro uniform_draw(text) -%}
    {# A number in [0, 1) that depends on a text and nothing else. #}
    {{- return(adapter.dispatch("uniform_draw", "longtail")(text)) -}}
{%- endmacro %}

{% macro duckdb__uniform_draw(text) -%}
    (md5_number_lower({{ text }}) % 1000000007 / 1000000007e0)
{%- endmacro %}
