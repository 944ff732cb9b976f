{% macro uniform_draw(text) -%}
    {# A number in [0, 1) that depends on a text and nothing else. #}
    (md5_number_lower({{ text }}) % 1000000007 / 1000000007.0)
{%- endmacro %}
