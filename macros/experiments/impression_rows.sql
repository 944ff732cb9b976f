{% macro impression_rows() %}
    {#
        The query that reads the raw rows of the files of the var `impressions`. Columns: the
        canonical ones as text, broken_reason, raw_line, source_file, source_row.
    #}
    {% if execute %}
        {{ longtail_package("scan_impressions", run_request()) }}
    {% else %}
        select 1
    {% endif %}
{% endmacro %}
