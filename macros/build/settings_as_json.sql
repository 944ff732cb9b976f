{% macro settings_as_json() -%}
    {# Every var of the project with the value it has in this run, as a JSON object. #}
    {%- if execute -%}
        {{- return(longtail_package("settings", run_request())) -}}
    {%- endif -%}
    {{- return("{}") -}}
{%- endmacro %}
