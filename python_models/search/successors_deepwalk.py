"""One row per product and rank: products most likely to come next, by embeddings_deepwalk.

Score: input vector . context vector + log_frequency_weight * log(frequency), in nats.
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.search import successor_table

    embeddings = dbt.ref("embeddings_deepwalk")
    return successor_table(
        embeddings.order("product_id").to_arrow_table(),
        k=dbt.config.meta_get("neighbours"),
        log_frequency_weight=dbt.config.meta_get("log_frequency_weight"),
        exact_below=dbt.config.meta_get("exact_search_below"),
        threads=threads(session),
        seed=dbt.config.meta_get("seed"),
        label="successors_deepwalk",
    )
