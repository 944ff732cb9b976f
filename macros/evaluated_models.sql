{% macro evaluated_models() %}
    {# The models whose lists the evaluation compares: the hybrid, its parts, two baselines. #}
    {{ return(
        ["hybrid"] + (neighbour_models().keys() | list) + ["popularity", "popular in category"]
    ) }}
{% endmacro %}
