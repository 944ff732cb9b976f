{%- macro demo_series(is_technical, style, place) -%}
    {%- set technical = 'Nova Pulse Edge Prime Orbit Flux Echo Vega Delta Zenith Spark Core Arc'
        ~ ' Lumen Titan Comet Quartz Onyx Atlas Vertex Ion Aero Halo Apex' -%}
    {%- set homely = 'Farm Ocean Forest Garden Meadow River Sunny Winter Coral Amber Velvet'
        ~ ' Linen Honey Berry Cedar Willow Pearl Misty Autumn Harbour Alpine Clover Saffron'
        ~ ' Silver' -%}
    {#- Numbered models of a series, or a different word for each product. -#}
    case
        when {{ is_technical }} then
            split_part('{{ technical }}', ' ', cast({{ style }} * 7 % 24 + 1 as integer))
            || ' ' || ({{ place }} + 1)
        else
            split_part(
                '{{ homely }}', ' ', cast(({{ style }} * 5 + {{ place }}) % 24 + 1 as integer)
            )
            || case
                when {{ place }} >= 24
                    then ' ' || cast(floor({{ place }} / 24) + 1 as integer)
                else ''
            end
    end
{%- endmacro -%}
