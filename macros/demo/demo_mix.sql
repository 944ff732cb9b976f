{%- macro demo_mix(number, shift, multiplier) -%}
    (xor({{ number }}, ({{ number }}) >> {{ shift }}) * {{ multiplier }} & 4294967295)
{%- endmacro -%}
