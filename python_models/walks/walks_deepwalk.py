"""One row per DeepWalk walk: uniform-restart random walks by edge weight.

Perozzi, Al-Rfou, Skiena 2014, DeepWalk: Online Learning of Social Representations.
"""


def model(dbt, session):
    from longtail.tables import walk_table

    dbt.ref("product_edges")  # writes the edgelist
    nodes = dbt.ref("product_nodes")
    return walk_table(
        dbt.config.meta_get("edgelist"),
        node_count=len(nodes),
        walks_per_node=dbt.config.meta_get("walks_per_node"),
        walk_length=dbt.config.meta_get("walk_length"),
        seed=dbt.config.meta_get("seed"),
        threads=dbt.config.meta_get("threads"),
    )
