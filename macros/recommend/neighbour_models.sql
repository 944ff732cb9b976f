{% macro neighbour_models() %}
    {# The models that propose neighbours, each with its table; the hybrid blends them, the
       evaluation compares them. #}
    {{ return({
        "covisit": "neighbours_covisit",
        "rp3beta": "neighbours_rp3beta",
        "deepwalk": "neighbours_deepwalk",
        "node2vec": "neighbours_node2vec",
        "successors": "successors_deepwalk",
    }) }}
{% endmacro %}
