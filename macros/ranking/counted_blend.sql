{% macro counted_blend() -%}
    {# Weights of covisit and rp3beta in `blend`: of what was counted, and can be counted again as of
       an earlier day. Without weights there both count the same. #}
    {%- set weights = {} -%}
    {%- for model in ("covisit", "rp3beta") -%}
        {%- do weights.update({model: var("blend")[model] | default(0, true) | float}) -%}
    {%- endfor -%}
    {{- return(weights if weights.values() | sum > 0 else {"covisit": 1.0, "rp3beta": 1.0}) -}}
{%- endmacro %}
