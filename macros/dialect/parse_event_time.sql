{% macro parse_event_time(column) -%}
    {#
        Text to a UTC timestamp, null for other text. The two forms without a zone, or with
        REES46's, take DuckDB's fast cast; it ignores whatever follows the seconds, so all others
        take the slower cast that knows zones. A number is the time since 1970 in seconds, milli-,
        micro- or nanoseconds, whichever lies between 1995 and 2100: a date written as one number
        does not. Dates must start with the year: DuckDB reads 08-11-16 as year 8.
    #}
    {%- set zone = var("timezone") | string | replace("'", "") %}
    {%- set number = "try_cast(" ~ column ~ " as decimal(38, 9))" %}
    case
        {%- if zone not in ("UTC", "") %}
        when
            regexp_full_match(
                trim({{ column }}),
                '\d{4}-\d\d?-\d\d?([ T]\d\d?:\d\d(:\d\d([.]\d*)?)?)?'
            )
            then try_cast(trim({{ column }}) as timestamp)
                at time zone '{{ zone }}' at time zone 'UTC'
        {%- endif %}
        when
            {{ column }} like '____-__-__ __:__:__ UTC'
            or {{ column }} like '____-__-__ __:__:__'
            then try_cast({{ column }} as timestamp)
        when regexp_full_match({{ column }}, '\s*\d{9,19}([.]\d*)?\s*')
            then case
                {%- for microseconds, unit in (
                    ("1000000", "1"), ("1000", "1e3"), ("1", "1e6"), ("0.001", "1e9")
                ) %}
                when {{ number }} between 788918400 * {{ unit }} and 4102444800 * {{ unit }}
                    then make_timestamp(
                        cast(trunc({{ number }} * {{ microseconds }}) as bigint)
                    )
                {%- endfor %}
            end
        when not regexp_matches({{ column }}, '^\s*\d{1,3}[-/.]')
            then try_cast(
                regexp_replace(trim({{ column }}), '\s+([+-]\d)', '\1') as timestamptz
            ) at time zone 'UTC'
    end
{%- endmacro %}
