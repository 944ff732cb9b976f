{% macro arm_var(arm, name) -%}
    {# The value of a var for the users of an arm: its own, else the build's. #}
    {{- return(arm["vars"][name] if name in arm["vars"] else var(name)) -}}
{%- endmacro %}
