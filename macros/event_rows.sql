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
        {# Not by var(), which would take braces in a path or an expression for Jinja. #}
        {{ longtail_package("scan", {"vars": invocation_args_dict.get("vars", {})}) }}
    {% else %}
        select 1
    {% endif %}
{% endmacro %}
