{% macro work_files(pattern) -%}
    {# Path of files in progress for DuckDB's functions, which would read [ or * in a parent
       folder's name as a pattern. #}
    {{- return(modules.re.sub("([*?[])", "[\\1]", work_folder()) ~ "/" ~ pattern) -}}
{%- endmacro %}
