"""One row per product and rank: nearest products by cosine of embeddings_deepwalk (substitutes)."""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.search import neighbour_table

    embeddings = dbt.ref("embeddings_deepwalk")
    return neighbour_table(
        embeddings.order("product_id").to_arrow_table(),
        k=dbt.config.meta_get("neighbours"),
        exact_below=dbt.config.meta_get("exact_search_below"),
        threads=threads(session),
        seed=dbt.config.meta_get("seed"),
        label="neighbours_deepwalk",
    )
