"""neighbours_deepwalk, neighbours_node2vec, successors_deepwalk and dial_successors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from longtail.kernels.search import (
    Neighbours,
    nearest_at_weights,
    nearest_by_context,
    nearest_by_cosine,
)
from longtail.tables.columns import every_setting, matrix

NEIGHBOUR_SCHEMA = pa.schema(
    {
        "product_id": pa.string(),
        "neighbour_product_id": pa.string(),
        "rank": pa.int32(),
        "score": pa.float64(),
    }
)
DIAL_SCHEMA = pa.schema([pa.field("popularity", pa.float64()), *NEIGHBOUR_SCHEMA])


@every_setting
def neighbour_table(embeddings: pa.Table, *, k: int, label: str, **parameters: Any) -> pa.Table:
    """Return nearest products by cosine among those of the graph: substitutes.

    For every product with a known walk, category or brand.

    Parameters
    ----------
    embeddings
        Columns of `EMBEDDING_SCHEMA`.
    k
        Neighbours per product, fewer where the graph has fewer.
    label
        Name of the table in the progress display and in the search report.
    **parameters
        Of `longtail.kernels.search.nearest_by_cosine`.
    """
    return _neighbours(
        embeddings,
        lambda table, queries, in_graph: nearest_by_cosine(
            matrix(table, "vector"),
            k=k,
            queries=queries,
            database=in_graph,
            allow_fewer=True,
            label=label,
            **parameters,
        ),
        label,
    )


@every_setting
def successor_table(embeddings: pa.Table, *, k: int, label: str, **parameters: Any) -> pa.Table:
    """Return products most likely to come next after each product: complements.

    For the same products as `neighbour_table`.

    Parameters
    ----------
    embeddings, k, label
        As in `neighbour_table`.
    **parameters
        Of `longtail.kernels.search.nearest_by_context`.
    """
    return _neighbours(
        embeddings,
        lambda table, queries, _: nearest_by_context(
            matrix(table, "vector"),
            matrix(table, "context_vector"),
            np.asarray(table.column("frequency")),
            k=k,
            queries=queries,
            allow_fewer=True,
            label=label,
            **parameters,
        ),
        label,
    )


@every_setting
def dial_table(
    embeddings: pa.Table,
    asked: pa.Table,
    *,
    log_frequency_weights: Sequence[float],
    k: int,
    **parameters: Any,
) -> pa.Table:
    """Return successors of some products at several weights of log frequency.

    Parameters
    ----------
    embeddings
        Columns of `EMBEDDING_SCHEMA`.
    asked
        Column product_id: the products to search for.
    log_frequency_weights
        Settings of `nearest_at_weights`.
    k
        Successors per product and setting.
    **parameters
        Of `longtail.kernels.search.nearest_at_weights`.
    """
    found = pc.index_in(asked.column("product_id"), embeddings.column("product_id"))
    queries = np.asarray(found.drop_null())
    if len(embeddings) == 0 or queries.size == 0:
        return DIAL_SCHEMA.empty_table()
    searches = nearest_at_weights(
        matrix(embeddings, "vector"),
        matrix(embeddings, "context_vector"),
        np.asarray(embeddings.column("frequency")),
        k=k,
        log_frequency_weights=log_frequency_weights,
        queries=queries,
        allow_fewer=True,
        **parameters,
    )
    tables = []
    for setting, (index, score, _) in zip(log_frequency_weights, searches, strict=True):
        table = _neighbour_rows(embeddings, queries, index, score)
        weight = pa.array(np.full(len(table), setting, dtype=np.float64))
        tables.append(table.add_column(0, DIAL_SCHEMA.field("popularity"), weight))
    return pa.concat_tables(tables)


def _neighbours(
    embeddings: pa.Table,
    search: Callable[[pa.Table, np.ndarray, np.ndarray], Neighbours],
    label: str,
) -> pa.Table:
    """Search; the table's file metadata holds the report (read by the model search_report).

    A product whose vector is the shop's mean gets no neighbours: the vector says nothing about it.
    """
    in_graph = np.flatnonzero(np.asarray(embeddings.column("node_id").is_valid()))
    if in_graph.size == 0:
        return NEIGHBOUR_SCHEMA.empty_table()
    is_known = pc.not_equal(embeddings.column("vector_source"), "shop")
    queries = np.flatnonzero(np.asarray(is_known))
    index, score, report = search(embeddings, queries, in_graph)
    rows = _neighbour_rows(embeddings, queries, index, score)
    return rows.replace_schema_metadata({"search": json.dumps({"search": label} | asdict(report))})


def _neighbour_rows(
    embeddings: pa.Table, queries: np.ndarray, index: np.ndarray, score: np.ndarray
) -> pa.Table:
    rows, k = index.shape
    products = embeddings.column("product_id").combine_chunks()
    columns = [
        products.take(pa.array(np.repeat(queries, k))),
        products.take(pa.array(index.ravel())),
        np.tile(np.arange(1, k + 1, dtype=np.int32), rows),
        score.ravel().astype(np.float64),
    ]
    return pa.table(columns, schema=NEIGHBOUR_SCHEMA)
