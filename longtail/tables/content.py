"""int_content_cosines, and vectors of products by their content."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from longtail.kernels.centroids import VECTOR_SOURCES, mean_directions
from longtail.kernels.search import nearest_by_cosine
from longtail.tables.columns import every_setting, matrix

SOURCES = (*VECTOR_SOURCES, "content")
"""Names of the codes of vector_source."""
COSINE_SCHEMA = pa.schema(
    {
        "product_key": pa.int32(),
        "neighbour_key": pa.int32(),
        "rank": pa.int32(),
        "score": pa.float64(),
    }
)


@every_setting
def cosine_table(products: pa.Table, *, k: int, **parameters: Any) -> pa.Table:
    """Return, for each product outside the graph, the products of the graph nearest by cosine.

    Parameters
    ----------
    products
        Columns product_key, node_id (null: not in the graph), vector (all of one length, finite
        and not zero).
    k
        Neighbours per product, fewer where the graph has fewer.
    **parameters
        Of `longtail.kernels.search.nearest_by_cosine`.
    """
    in_graph = np.asarray(products.column("node_id").is_valid())
    if not in_graph.any() or in_graph.all():
        return COSINE_SCHEMA.empty_table()
    queries = np.flatnonzero(~in_graph)
    index, score, _ = nearest_by_cosine(
        matrix(products, "vector"),
        k=k,
        queries=queries,
        database=np.flatnonzero(in_graph),
        allow_fewer=True,
        label="content",
        **parameters,
    )
    keys = np.asarray(products.column("product_key"))
    columns = [
        np.repeat(keys[queries], index.shape[1]),
        keys[index.ravel()],
        np.tile(np.arange(1, index.shape[1] + 1, dtype=np.int32), len(queries)),
        score.ravel().astype(np.float64),
    ]
    return pa.table(columns, schema=COSINE_SCHEMA)


def content_vectors(products: pa.Table, trained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of products that have neighbours by content.

    Parameters
    ----------
    products
        Columns content_node_ids, content_scores: lists of equal length, null without neighbours.
        Without these columns no product has any.
    trained
        Vectors by node id, shape (nodes, d).

    Returns
    -------
    rows : ndarray of int, shape (m,)
        Places of the products in the table.
    vectors : ndarray of float32, shape (m, d)
        The mean direction of each one's neighbours, weighted by score; of length 1.
    """
    if "content_node_ids" not in products.column_names:
        return np.empty(0, np.int64), np.empty((0, trained.shape[1]), np.float32)
    node_ids = products.column("content_node_ids").combine_chunks()
    rows = np.flatnonzero(np.asarray(node_ids.is_valid()))
    node_ids = node_ids.drop_null()
    scores = products.column("content_scores").combine_chunks().drop_null()
    starts = np.asarray(node_ids.offsets)[:-1] - node_ids.offsets[0].as_py()
    means, is_usable = mean_directions(
        trained[np.asarray(node_ids.flatten())], np.asarray(scores.flatten()), starts
    )
    return rows[is_usable], means[is_usable]
