{% macro day_files(table, day) -%}
    {# The files of a table by day in progress, as a relation. The day is read from the name of the
       file's own folder: parent folders may look like columns too. #}
    {{- return(adapter.dispatch("day_files", "longtail")(table, day)) -}}
{%- endmacro %}

{% macro spark__day_files(table, day) -%}
    {{ target.schema }}.{{ table }}
{%- endmacro %}

{% macro duckdb__day_files(table, day) -%}
    (
        select
            * exclude (filename),
            cast(regexp_extract(filename, '.*/{{ day }}=([^/]*)/', 1) as date) as {{ day }}
        from read_parquet(
            '{{ work_files(table ~ ".parquet/*/*.parquet") }}',
            hive_partitioning = false,
            filename = true
        )
    )
{%- endmacro %}
