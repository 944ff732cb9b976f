{% macro evaluated_models() %}
    {# The models whose lists the evaluation compares: the ranked lists, the hybrid, its parts, baselines. #}
    {{ return(
        (["ranked"] if ranker() != "off" else []) + ["hybrid"] + hybrid_parts() + ["popularity", "popular in category"]
        + (["own products"] if compares_own_products() else [])
    ) }}
{% endmacro %}
