{% macro moment_id(event_date, place) -%}
    {# One integer for a day and the place of a moment in it, in the order of time: a session's number
       is that of its first moment, so that it has a day and no later day changes it. #}
    {{ days_between("date '1970-01-01'", event_date) }} * cast(4294967296 as bigint) + {{ place }}
{%- endmacro %}
