{% macro neighbour_models() %}
    {#
        The models that propose neighbours, declared once: the hybrid blends them by the var
        `blend`, the evaluation compares them. Each has a table (product_id,
        neighbour_product_id, rank, score) and a kind of score, see `comparable_score`.
    #}
    {{ return({
        "covisit": {"table": "neighbours_covisit", "kind": "share"},
        "rp3beta": {"table": "neighbours_rp3beta", "kind": "share"},
        "deepwalk": {"table": "neighbours_deepwalk", "kind": "cosine"},
        "node2vec": {"table": "neighbours_node2vec", "kind": "cosine"},
        "successors": {"table": "successors_deepwalk", "kind": "log odds"},
    }) }}
{% endmacro %}
