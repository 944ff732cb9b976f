{% macro event_rows() %}
    {#
        The query that reads the raw events: the files that the var `events` names, or the demo
        events. Columns: the canonical ones as text, reject_when_reason, raw_line, source_file,
        source_row.
    #}
    {% if not var("events") %}
        select
            *,
            null as product_name,
            null as reject_when_reason,
            null as raw_line,
            'demo' as source_file,
            row_number() over () as source_row
        from {{ ref("demo_events") }}
    {% elif execute %}
        {{ longtail_package("scan", {
            "events": var("events"),
            "columns": var("columns"),
            "reject_when": var("reject_when"),
            "csv_options": var("csv_options"),
        }) }}
    {% else %}
        select 1
    {% endif %}
{% endmacro %}
