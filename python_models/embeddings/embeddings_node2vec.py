"""One row per product: skip-gram vectors trained on walks_node2vec.

Mikolov et al. 2013, Distributed Representations of Words and Phrases and their Compositionality.
"""


def model(dbt, session):
    from longtail.build.machine import work_folder
    from longtail.tables.embeddings import trained_table

    return trained_table(
        dbt.ref("walks_node2vec"),
        dbt.ref("int_embedded_products"),
        label="embeddings_node2vec",
        warehouse=work_folder(session).parent,
        trainer=dbt.config.meta_get("trainer"),
        warm_start=dbt.config.meta_get("warm_start"),
        warm_walks_per_node=dbt.config.meta_get("warm_walks_per_node"),
        warm_learning_rate=dbt.config.meta_get("warm_learning_rate"),
        dimensions=dbt.config.meta_get("dimensions"),
        window=dbt.config.meta_get("window"),
        negative=dbt.config.meta_get("negative_samples"),
        ns_exponent=dbt.config.meta_get("ns_exponent"),
        learning_rate=dbt.config.meta_get("learning_rate"),
        epochs=dbt.config.meta_get("epochs"),
        seed=dbt.config.meta_get("seed"),
    )
