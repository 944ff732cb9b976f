{% macro computed_once() -%}
    {# Condition that every row meets, in a CTE that several others read. Spark writes such a CTE
       anew at each place where it is read, and computes it as often, unless it depends on chance. #}
    {{- return(adapter.dispatch("computed_once", "longtail")()) -}}
{%- endmacro %}

{% macro default__computed_once() -%}
    true
{%- endmacro %}

{% macro spark__computed_once() -%}
    rand() >= 0
{%- endmacro %}
