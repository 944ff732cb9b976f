{#- The sum of four uniforms needs no logarithm or cosine, whose last digit varies
    between platforms, and has no absurd outliers. -#}
{%- macro demo_normal(label, id) -%}
    ((
        {{ demo_uniform(label ~ 1, id) }} + {{ demo_uniform(label ~ 2, id) }}
        + {{ demo_uniform(label ~ 3, id) }} + {{ demo_uniform(label ~ 4, id) }} - 2
    ) * 1.7320508)
{%- endmacro -%}
