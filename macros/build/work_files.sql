{% macro work_files(pattern) -%}
    {# Path of files in progress for DuckDB's functions, which would take a folder above that has
       [ or * in its name for a pattern. #}
    {{- return(modules.re.sub("([*?[])", "[\\1]", work_folder()) ~ "/" ~ pattern) -}}
{%- endmacro %}
