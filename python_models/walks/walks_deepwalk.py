"""One row per DeepWalk walk: first-order random walks, steps in proportion to edge weights.

Perozzi, Al-Rfou, Skiena 2014, DeepWalk: Online Learning of Social Representations.
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.walks import walk_table

    of_products = dbt.ref("product_edges")
    of_users = dbt.ref("int_user_product_edges")
    has_users = dbt.config.meta_get("deepwalk_graph") == "users"
    edges = of_users if has_users else of_products
    last_node = edges.max("target_node_id").fetchall()[0][0]
    return walk_table(
        edges.to_arrow_table(),
        node_count=0 if last_node is None else last_node + 1,
        walks_per_node=dbt.config.meta_get("walks_per_node"),
        walk_length=dbt.config.meta_get("walk_length"),
        seed=dbt.config.meta_get("seed"),
        threads=threads(session),
    )
