{% macro uniform_draw(text) -%}
    {# A number in [0, 1) that depends on a text alone. #}
    {{- return(adapter.dispatch("uniform_draw", "longtail")(text)) -}}
{%- endmacro %}

{% macro duckdb__uniform_draw(text) -%}
    (md5_number_lower({{ text }}) % 1000000007 / 1000000007e0)
{%- endmacro %}

{% macro spark__uniform_draw(text) -%}
    {# DuckDB's number: the last eight bytes of the digest, little-endian. #}
    (
        cast(conv(
            {%- for place in range(31, 15, -2) %}
            substr(md5({{ text }}), {{ place }}, 2){{ " || " if not loop.last }}
            {%- endfor %},
            16, 10
        ) as decimal(20, 0)) % 1000000007 / 1000000007e0
    )
{%- endmacro %}
