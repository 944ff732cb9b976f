{% macro first_open_session_day(first_day, moved_from) %}
    {# `starts_at` of int_events_flagged: the first day of a session still open when `first_day`
       began. #}
    {% if first_day is none or first_day == "0001-01-01" %}{{ return(first_day) }}{% endif %}
    {{ return(run_query(
        "select least('" ~ first_day ~ "', min(session_date)::string)
        from " ~ day_files("int_events_flagged", "session_date") ~ "
        where event_at >= date '" ~ first_day ~ "' - " ~ session_gap()
    )[0][0]) }}
{% endmacro %}
