{#- The same shape at any size: otherwise half of a large catalogue would stay unseen. -#}
{%- macro demo_popular(draw, size, steepness) -%}
    cast(floor({{ size }} * pow({{ draw }}, {{ steepness }})) as bigint)
{%- endmacro -%}
