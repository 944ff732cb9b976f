{% macro require_events() %}
    {# Hook after the events are typed: without one there is nothing to build, so say why. #}
    {% if execute and run_query("select 1 from " ~ this ~ " limit 1") | length == 0 %}
        {% set reasons = run_query(
            "select reject_reason, count(*) from " ~ ref("stg_raw_events") ~ " group by all
            union all
            select 'broken line: ' || error_type, count(*)
            from " ~ this.schema ~ ".broken_lines group by all order by 2 desc, 1"
        ) %}
        {% set listed = [] %}
        {% for row in reasons %}{% do listed.append(row[0] ~ " (" ~ row[1] ~ ")") %}{% endfor %}
        {% do longtail_package("refuse", {"reason":
            "every row was rejected: " ~ listed | join(", ") ~ "; mend the file or the vars "
            ~ "columns, event_weights and reject_when (rejected rows: "
            ~ work_folder() ~ "/rejected_events.parquet)"
        }) %}
    {% endif %}
{% endmacro %}
