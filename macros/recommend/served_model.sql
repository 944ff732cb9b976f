{% macro served_model() %}
    {# The model whose lists are published. #}
    {{ return("hybrid" if ranker() == "off" else "ranked") }}
{% endmacro %}
