{% macro first_staged_day(first_day, moved_from) %}
    {# `starts_at` of stg_events: the first day on which the files that were read add or remove a
       row. Demo events change all at once or not at all. #}
    {% if not var("events") %}{{ return(first_day) }}{% endif %}
    {% set kept = kept_rows("stg_events") %}
    {% if first_day is not none or not kept %}{{ return("0001-01-01") }}{% endif %}
    {{ return(run_query(
        "select cast(min(event_date) as string) from (
            select cast(event_at as date) as event_date from " ~ ref("stg_raw_events") ~ "
            where reject_reason is null
            union all
            select event_date from " ~ day_files("stg_events", "event_date") ~ "
            where source_file in (select source_file from " ~ this.schema ~ ".files_read)
        )"
    )[0][0]) }}
{% endmacro %}
