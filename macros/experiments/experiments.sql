{% macro experiments() -%}
    {# The var of that name; empty when malformed, which the check of vars reports later. #}
    {%- set found = [] -%}
    {%- for experiment in (var("experiments") if var("experiments") is iterable else []) -%}
        {%- if experiment is mapping and "name" in experiment and "share" in experiment -%}
            {%- do found.append(experiment) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
