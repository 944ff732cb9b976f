{% macro as_percent(share) -%}
    {# A share as text, such as "12.5 %". #}
    cast(round(100 * {{ share }}, 1) as string) || ' %'
{%- endmacro %}
