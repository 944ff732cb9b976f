{%- macro demo_size(entity) -%}
    {%- set events = var('demo_events') | int -%}
    {%- set robots = [1, ((events ** 0.5) / 180) | round | int] | max -%}
    {#- Measured: 1750 events a robot, 12.4 a user (REES46: 12.8). The catalogue grows
        as a power of the events, to about REES46's 226 thousand products. -#}
    {%- set sizes = {
        'robots': robots,
        'users': [1, ((events - 1750 * robots) / 12.4) | int] | max,
        'products': (0.27 * events ** 0.761) | int,
    } -%}
    {{ sizes[entity] }}
{%- endmacro -%}
