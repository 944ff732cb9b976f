{% macro note_files_staged() %}
    {#
        Hook after the events are typed: their files need not be read again, and the log's last day
        decides which later rows are too late.
    #}
    {% if execute %}
        {% set newest_day = run_query(
            "with days as (
                select event_date, count(*) as events, count(distinct user_id) as users
                from " ~ this ~ " group by event_date
            ), " ~ days_of_the_log("days") ~ "
            select cast(max(event_date) as string) from days_of_the_log where has_traffic"
        )[0][0] %}
        {% do longtail_package("files_staged", {"newest_day": newest_day}) %}
    {% endif %}
{% endmacro %}
