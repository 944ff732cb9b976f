{% macro evaluated_models() %}
    {# The models whose lists the evaluation compares: the ranked lists, the hybrid, its parts, two baselines. #}
    {{ return(
        (["ranked"] if ranker() != "off" else []) + ["hybrid"] + hybrid_parts() + ["popularity", "popular in category"]
    ) }}
{% endmacro %}
