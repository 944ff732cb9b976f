{% macro event_rows() %}
    {#
        The query that reads the raw events: from those files of the var `events` that are new or
        changed, or the demo events. Columns: the canonical ones as text, reject_when_reason,
        raw_line, source_file, source_row.
    #}
    {% if not var("events") %}
        select
            *,
            null as product_name,
            null as event_weight,
            null as reject_when_reason,
            null as raw_line,
            'demo' as source_file,
            row_number() over () as source_row
        from {{ ref("demo_events") }}
    {% elif execute %}
        {{ longtail_package("scan", run_request()) }}
    {% else %}
        select 1
    {% endif %}
{% endmacro %}
