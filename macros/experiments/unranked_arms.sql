{% macro unranked_arms() -%}
    {# The arms with vars whose users get the blend's lists. #}
    {%- set found = [] -%}
    {%- for arm in arms_with_vars() if not arm_is_ranked(arm) -%}
        {%- do found.append(arm) -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
