{% macro computed_once() -%}
    {# Condition that every row meets, in a CTE that is costly and that several others read. Spark
       would compute it at each place where it is read: longtail.spark.shared_ctes stores it. #}
    {{- return(adapter.dispatch("computed_once", "longtail")()) -}}
{%- endmacro %}

{% macro default__computed_once() -%}
    true
{%- endmacro %}

{% macro spark__computed_once() -%}
    true /* computed once */
{%- endmacro %}
