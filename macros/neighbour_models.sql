{% macro neighbour_models() %}
    {# The models that propose neighbours; the hybrid blends them, evaluation compares them. #}
    {{ return(["covisit", "rp3beta", "deepwalk", "node2vec"]) }}
{% endmacro %}
