{% macro note_files_read() %}
    {#
        Hook after the events are read: records which files they are from, for the next build and,
        in the build's table `files_read`, for the tables that replace those files' rows.
    #}
    {{- return(adapter.dispatch("note_files_read", "longtail")()) -}}
{% endmacro %}

{% macro duckdb__note_files_read() %}
    {% set names = longtail_package("files_read", run_request()) if execute else [] %}
    create or replace table {{ this.schema }}.files_read as
    select unnest({{ text_list(names) }}::varchar[]) as source_file
{% endmacro %}

{% macro spark__note_files_read() %}
    {% if execute %}{% do longtail_package("files_read", run_request()) %}{% endif %}
{% endmacro %}
