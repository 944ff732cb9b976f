"""One row per node2vec walk: second-order random walks with return and in-out parameters.

Grover, Leskovec 2016, node2vec: Scalable Feature Learning for Networks, section 3.2.
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.walks import walk_table

    return walk_table(
        dbt.ref("product_edges").to_arrow_table(),
        node_count=len(dbt.ref("product_nodes")),
        walks_per_node=dbt.config.meta_get("walks_per_node"),
        walk_length=dbt.config.meta_get("walk_length"),
        p=dbt.config.meta_get("p"),
        q=dbt.config.meta_get("q"),
        seed=dbt.config.meta_get("seed"),
        threads=threads(session),
    )
