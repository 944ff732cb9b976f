{% macro git_commit() -%}
    {# The commit of the project that runs, with "-dirty" after edits; empty outside a checkout. #}
    {{- return(longtail_package("commit", {}) if execute else "") -}}
{%- endmacro %}
