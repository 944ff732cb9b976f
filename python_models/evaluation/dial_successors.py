"""One row per setting of the popularity dial, product and rank: the product's successors.

The index is the same for every setting: log frequency enters only the query.
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.search import dial_table

    embeddings = dbt.ref("embeddings_deepwalk").order("product_id").to_arrow_table()
    products = dbt.ref("int_dial_products").order("product_id").to_arrow_table()
    return dial_table(
        embeddings,
        products,
        log_frequency_weights=dbt.config.meta_get("log_frequency_weights"),
        k=dbt.config.meta_get("neighbours"),
        exact_below=dbt.config.meta_get("exact_search_below"),
        threads=threads(session),
        seed=dbt.config.meta_get("seed"),
        label="dial_successors",
    )
