{% macro kept_rows(table) -%}
    {#
        Relation of the rows of earlier builds that stay in a table, when a build reads new files
        only: rows of all other files than those that it read. Empty text when none stay.
    #}
    {%- if execute -%}
        {%- set rows = longtail_package("kept_rows", {"table": table}) -%}
        {%- if rows -%}
            {{- return(
                "(select * from " ~ rows ~ " where source_file not in (select source_file from "
                ~ target.schema ~ ".files_read))"
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {{- return("") -}}
{%- endmacro %}
