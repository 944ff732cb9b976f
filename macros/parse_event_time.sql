{% macro parse_event_time(column) -%}
    {# Text to a UTC timestamp, null when it is none. "2019-10-01 00:00:00 UTC" is REES46's form. #}
    try_cast(
        regexp_replace(trim({{ column }}), '\s*(UTC|Z)$', '') as timestamp
    )
{%- endmacro %}
