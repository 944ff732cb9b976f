{#- The styles of a leaf repeat the three brand tiers in turn: 0, 1, 2, 0 ... -#}
{%- macro demo_style(draw, style_count, tier) -%}
    {%- set style = '(' ~ demo_popular(draw, style_count, 3) ~ ')' -%}
    case
        when {{ style }} - {{ style }} % 3 + {{ tier }} < {{ style_count }}
            then {{ style }} - {{ style }} % 3 + {{ tier }}
        else {{ style }}
    end
{%- endmacro -%}
