{% macro is_too_late() -%}
    {# Condition that a row of a new file lies more than `lookback_days` before the newest day of
       earlier builds. #}
    {{- return(longtail_package("is_too_late", run_request()) if execute else "false") -}}
{%- endmacro %}
