{% macro experiments() -%}
    {# The var of that name; nothing while its form is wrong, which the check of vars says later. #}
    {%- set found = [] -%}
    {%- for experiment in (var("experiments") if var("experiments") is iterable else []) -%}
        {%- if experiment is mapping and "name" in experiment and "share" in experiment -%}
            {%- do found.append(experiment) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
