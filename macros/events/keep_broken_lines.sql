{% macro keep_broken_lines(table="broken_lines", action="unpacked") %}
    {{- return(adapter.dispatch("keep_broken_lines", "longtail")(table, action)) -}}
{% endmacro %}

{% macro spark__keep_broken_lines(table, action) %}
    {% if execute %}{% do longtail_package("keep_broken_lines", {"table": table}) %}{% endif %}
{% endmacro %}

{% macro duckdb__keep_broken_lines(table="broken_lines", action="unpacked") %}
    {#
        Hook after csv files are read, on the same connection: DuckDB keeps the lines that it could
        not split into columns in temporary tables, which end with the connection. One row per line;
        a line with several faults is listed once, by the first. The line itself may hold a user id:
        it is stored only when user ids are not hashed. Unpacked or decoded files are listed under
        their original names.
    #}
    {% set read_csv_ran = execute and run_query(
        "select count(*) from duckdb_tables() where temporary and table_name = 'reject_errors'"
    )[0][0] > 0 %}
    {% set unpacked = longtail_package(action, run_request()) if execute else {} %}
    create or replace table {{ this.schema }}.{{ table }} as
    {% if read_csv_ran %}
        {% set source_file %}
            case
                {% for local, path in unpacked.items() %}
                    when scans.file_path = '{{ adapter.escape_sql_string(local) }}'
                        then '{{ adapter.escape_sql_string(path) }}'
                {% else %}
                    when false then null
                {% endfor %}
                else scans.file_path
            end
        {% endset %}
        {{ broken_lines(source_file) }};
        drop table reject_errors;
        drop table reject_scans
    {% else %}
        select
            null::varchar as source_file,
            null::ubigint as line_number,
            null::varchar as raw_text,
            null::varchar as error_type
        where false
    {% endif %}
{% endmacro %}

{% macro broken_lines(source_file) %}
    {# The query for the lines that DuckDB could not split, after csv files are read on the same
       connection; `source_file` is an SQL expression over reject_scans. #}
    select
        {{ source_file }} as source_file,
        errors.line as line_number,
        {% if var("hash_user_ids") %}
            'withheld: hash_user_ids is set and the line may hold a user id' as raw_text,
        {% else %}
            any_value(trim(errors.csv_line, e'\r\n')) as raw_text,
        {% endif %}
        lower(arg_min(errors.error_type::varchar, coalesce(errors.column_idx, 0)))
            as error_type
    from reject_errors as errors
    inner join reject_scans as scans
        on errors.scan_id = scans.scan_id and errors.file_id = scans.file_id
    group by scans.file_path, errors.line
{% endmacro %}
