{% macro arms_with_vars() -%}
    {# The experiments whose users get other lists than the rest. #}
    {%- set found = [] -%}
    {%- for experiment in experiments() if experiment["vars"] is mapping and experiment["vars"] -%}
        {%- do found.append(experiment) -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
