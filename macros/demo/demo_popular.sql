{#- The same shape whatever the size: half of a large catalogue is not left unseen. -#}
{%- macro demo_popular(draw, size, steepness) -%}
    cast(floor({{ size }} * pow({{ draw }}, {{ steepness }})) as bigint)
{%- endmacro -%}
