{% macro parse_event_time(column) -%}
    {#
        Text to a UTC timestamp, null when it is none. The two forms without a zone, or with
        REES46's, take DuckDB's fast cast; it ignores whatever follows the seconds, so all
        others go through the slower one that knows zones.
    #}
    case
        when
            {{ column }} like '____-__-__ __:__:__ UTC'
            or {{ column }} like '____-__-__ __:__:__'
            then try_cast({{ column }} as timestamp)
        else
            try_cast(
                regexp_replace(trim({{ column }}), '\s+([+-]\d)', '\1') as timestamptz
            ) at time zone 'UTC'
    end
{%- endmacro %}
