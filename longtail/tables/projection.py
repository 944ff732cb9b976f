"""map_coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from longtail.kernels.projection import cluster, project
from longtail.tables.columns import every_setting, matrix

MAP_SCHEMA = pa.schema(
    {
        "product_id": pa.string(),
        "x": pa.float32(),
        "y": pa.float32(),
        "x3": pa.float32(),
        "y3": pa.float32(),
        "z3": pa.float32(),
        "cluster_id": pa.int32(),
    }
)


@every_setting
def map_table(embeddings: pa.Table, *, neighbours: int, seed: int, threads: int) -> pa.Table:
    """Return coordinates in two and three dimensions, and the cluster, of each product.

    Parameters
    ----------
    embeddings
        Columns product_id and vector.
    neighbours, seed, threads
        Of `longtail.kernels.projection.project`.
    """
    if len(embeddings) == 0:
        return MAP_SCHEMA.empty_table()
    plane, space = project(
        matrix(embeddings, "vector"), neighbours=neighbours, seed=seed, threads=threads
    )
    coordinates: Sequence[np.ndarray] = [*plane.T, *space.T]
    columns = [embeddings.column("product_id"), *coordinates, cluster(plane)]
    return pa.table(columns, schema=MAP_SCHEMA)
