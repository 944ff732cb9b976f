{% macro computed_once() -%}
    {# Always-true condition that marks a costly CTE read several times. Spark would compute it once
       per reader: longtail.spark.shared_ctes stores it. #}
    {{- return(adapter.dispatch("computed_once", "longtail")()) -}}
{%- endmacro %}

{% macro default__computed_once() -%}
    true
{%- endmacro %}

{% macro spark__computed_once() -%}
    true /* computed once */
{%- endmacro %}
