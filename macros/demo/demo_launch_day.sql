{#- An expression, not a column: the events need it before they join the products. -#}
{%- macro demo_launch_day(product) -%}
    case
        when {{ demo_uniform('is new', product) }} < 0.12
            then {{ demo_pick('launch day', product, var('demo_days')) }}
        else 0
    end
{%- endmacro -%}
