{#- The continuous power law, inverted: no table of cumulative shares to join. -#}
{%- macro demo_zipf(draw, size, exponent) -%}
    {%- set power = (1 - exponent) | round(6) -%}
    least({{ size }}, cast(floor(pow(
        {{ draw }} * (pow({{ size }} + 1, {{ power }}) - 1) + 1, {{ 1 / power }}
    )) as bigint)) - 1
{%- endmacro -%}
