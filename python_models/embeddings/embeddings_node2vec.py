"""One row per product: skip-gram vectors trained on walks_node2vec.

Mikolov et al. 2013, Distributed Representations of Words and Phrases and their Compositionality.
"""


def model(dbt, session):
    from longtail.tables import embedding_table

    walks = dbt.ref("walks_node2vec")
    node_count = walks.aggregate("coalesce(max(node_ids[1]) + 1, 0)").fetchall()[0][0]
    products = dbt.ref("int_embedded_products").order("product_id").to_arrow_table()
    # In a statement of its own: dbt passes no var that is asked for inside a condition.
    warm_start = dbt.config.meta_get("warm_start")
    previous = f"{dbt.config.meta_get('warehouse')}/embeddings_node2vec.parquet"
    return embedding_table(
        walks.order("walk_id").to_arrow_reader(),
        products,
        node_count=node_count,
        work_folder=dbt.config.meta_get("work_folder"),
        previous=previous if warm_start else None,
        warm_walks_per_node=dbt.config.meta_get("warm_walks_per_node"),
        warm_learning_rate=dbt.config.meta_get("warm_learning_rate"),
        dimensions=dbt.config.meta_get("dimensions"),
        window=dbt.config.meta_get("window"),
        negative=dbt.config.meta_get("negative_samples"),
        ns_exponent=dbt.config.meta_get("ns_exponent"),
        learning_rate=dbt.config.meta_get("learning_rate"),
        epochs=dbt.config.meta_get("epochs"),
        seed=dbt.config.meta_get("seed"),
        label="embeddings_node2vec",
    )
