{%- macro demo_size(entity) -%}
    {%- set events = var('demo_events') | int -%}
    {%- if not 10000 <= events <= 60000000 -%}
        {{ exceptions.raise_compiler_error(
            'demo_events is ' ~ var('demo_events') ~ ': give 10000 to 60000000'
        ) }}
    {%- endif -%}
    {%- set robots = [1, ((events ** 0.5) / 180) | round | int] | max -%}
    {#- 1650 events a robot; 12.8 events a user, measured: as in the REES46 log. -#}
    {%- set sizes = {
        'robots': robots,
        'users': ((events - 1650 * robots) / 12.4) | int,
        'products': (0.27 * events ** 0.761) | int,
    } -%}
    {{ sizes[entity] }}
{%- endmacro -%}
