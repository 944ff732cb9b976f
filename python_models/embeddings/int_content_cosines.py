"""One row per product without a node and rank: products of the graph whose vectors are nearest.

By cosine of the catalogue's vectors (var `catalogue_vector`).
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.content import cosine_table

    vectors = dbt.ref("int_content_vectors")
    return cosine_table(
        vectors.order("product_key").to_arrow_table(),
        k=dbt.config.meta_get("neighbours"),
        exact_below=dbt.config.meta_get("exact_search_below"),
        threads=threads(session),
        seed=dbt.config.meta_get("seed"),
    )
