"""One row per product on the map: coordinates by UMAP and a cluster.

McInnes, Healy, Melville 2018, UMAP: Uniform Manifold Approximation and Projection.
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.projection import map_table

    products = dbt.ref("int_mapped_products")
    return map_table(
        products.order("product_id").to_arrow_table(),
        neighbours=dbt.config.meta_get("map_neighbours"),
        seed=dbt.config.meta_get("seed"),
        threads=threads(session),
    )
