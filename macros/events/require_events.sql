{% macro require_events() %}
    {# Hook after the events are typed: without one there is nothing to build, so list the reasons,
       with a value for each. #}
    {% if execute and run_query("select 1 from " ~ this ~ " limit 1") | length == 0 %}
        {% set rows = rows_by_duckdb(
            "select reject_reason, count(*), min(source_file), min(coalesce(raw_line, case
                when contains(reject_reason, 'event_time') then raw_event_time
                when contains(reject_reason, 'event_type') then event_type
                when contains(reject_reason, 'event_weight') then raw_event_weight
                when contains(reject_reason, 'price') then raw_price
                when contains(reject_reason, 'product_id') then raw_product_id
                when contains(reject_reason, 'user_id') then raw_user_id
            end))
            from " ~ ref("stg_raw_events") ~ " group by reject_reason
            union all
            select 'broken line: ' || error_type, count(*), min(source_file), min(raw_text)
            from " ~ this.schema ~ ".broken_lines group by error_type
            order by 2 desc, 1"
        ) %}
        {% do longtail_package("refuse_rows", {"rows": rows}) %}
    {% endif %}
{% endmacro %}
