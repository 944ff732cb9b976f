{%- macro demo_time_text(second) -%}
    cast(
        timestamp '{{ var("demo_start") }}' + to_seconds({{ second }}) as varchar
    ) || ' UTC'
{%- endmacro -%}
