{% macro git_commit() -%}
    {# The commit of the project that runs, with "-dirty" after edits; empty outside a checkout. #}
    {%- if execute -%}
        {{- return(longtail_package("commit")) -}}
    {%- endif -%}
    {{- return("unknown") -}}
{%- endmacro %}
