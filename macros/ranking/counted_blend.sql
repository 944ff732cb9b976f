{% macro counted_blend() -%}
    {# Weights in `blend` of covisit and rp3beta, which are counts and can be recounted as of an
       earlier day. If `blend` gives neither a weight, both count the same. #}
    {%- set weights = {} -%}
    {%- for model in ("covisit", "rp3beta") -%}
        {%- do weights.update({model: var("blend")[model] | default(0, true) | float}) -%}
    {%- endfor -%}
    {{- return(weights if weights.values() | sum > 0 else {"covisit": 1.0, "rp3beta": 1.0}) -}}
{%- endmacro %}
