{#- Drawn where needed, not stored: the steps choose a product before they join it. -#}
{%- macro demo_launched(product, day, otherwise) -%}
    case
        when {{ demo_uniform('is new', product) }} < 0.12
            and {{ demo_pick('launch day', product, var('demo_days')) }} > {{ day }}
            then {{ otherwise }}
        else {{ product }}
    end
{%- endmacro -%}
