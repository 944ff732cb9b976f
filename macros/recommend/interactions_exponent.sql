{% macro interactions_exponent() -%}
    {# The var of that name, or of the name it had before. #}
    {{- return(var("popularity_weight", var("interactions_exponent"))) -}}
{%- endmacro %}
