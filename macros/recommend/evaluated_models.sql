{% macro evaluated_models() %}
    {# The models whose lists the evaluation compares: the hybrid, its parts, two baselines. #}
    {{ return(["hybrid"] + hybrid_parts() + ["popularity", "popular in category"]) }}
{% endmacro %}
