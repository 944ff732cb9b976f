{%- macro demo_pick(label, id, size) -%}
    cast(floor({{ demo_uniform(label, id) }} * {{ size }}) as bigint)
{%- endmacro -%}
