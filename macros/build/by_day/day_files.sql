{% macro day_files(table, day) -%}
    {# The files of a table by day in progress, as a relation. #}
    {{- return(
        "read_parquet('" ~ work_folder() ~ "/" ~ table ~ ".parquet/*/*.parquet', "
        ~ "hive_partitioning = true, hive_types = {'" ~ day ~ "': date})"
    ) -}}
{%- endmacro %}
