{% macro first_moved_day(first_day, moved_from) %}
    {# `starts_at` of int_session_steps: the first day of a session with events that moved across
       the cut. #}
    {% if moved_from is none or first_day == "0001-01-01" %}{{ return(first_day) }}{% endif %}
    {{ return(run_query(
        "select least(" ~ ("'" ~ first_day ~ "'" if first_day else "null")
        ~ ", min(session_date)::string) from " ~ ref("int_events_flagged") ~ "
        where event_at >= timestamp '" ~ moved_from ~ "'"
    )[0][0]) }}
{% endmacro %}
