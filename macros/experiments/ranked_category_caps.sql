{% macro ranked_category_caps() -%}
    {# `category_cap` of each arm whose users get the ranker's lists, by the arm's name. #}
    {%- set caps = {} -%}
    {%- for arm in arms_with_vars() if arm_is_ranked(arm) -%}
        {%- do caps.update({arm["name"]: arm_var(arm, "category_cap") | int}) -%}
    {%- endfor -%}
    {{- return(caps) -}}
{%- endmacro %}
