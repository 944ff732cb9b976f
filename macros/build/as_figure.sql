{% macro as_figure(value) -%}
    {# A figure as text: counts as whole numbers, shares with four decimals. #}
    case
        when {{ value }} = round({{ value }}) then cast(cast({{ value }} as bigint) as string)
        else cast(round({{ value }}, 4) as string)
    end
{%- endmacro %}
