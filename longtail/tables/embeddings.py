"""embeddings_deepwalk and embeddings_node2vec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from longtail.kernels.centroids import fill_missing_vectors
from longtail.kernels.corpus import write_corpus, write_tokens
from longtail.kernels.shared_negatives import train_shared_negatives
from longtail.kernels.skipgram import train_skipgram
from longtail.tables.columns import codes, every_setting, lists, matrix
from longtail.tables.content import SOURCES, content_vectors

KNOWN_ENOUGH = 0.8
"""Share of the nodes whose earlier vectors a warm start needs: the others learn from few walks."""
TRAINERS = {
    "gensim": (write_corpus, train_skipgram),
    "numba": (write_tokens, train_shared_negatives),
}
"""Writer of the corpus and trainer, by name."""
NUMBA_FROM = 20_000
"""Number of nodes from which `trainer: auto` means numba: below it, both train in seconds."""
EMBEDDING_SCHEMA = pa.schema(
    {
        "product_id": pa.string(),
        "node_id": pa.int32(),
        "vector": pa.list_(pa.float32()),
        "context_vector": pa.list_(pa.float32()),
        "frequency": pa.int64(),
        "vector_source": pa.string(),
    }
)


@every_setting
def trained_table(
    walks: Any, products: Any, *, warehouse: Path, label: str, warm_start: bool, **parameters: Any
) -> pa.Table:
    """Train a model's embeddings on its walks: `embedding_table` on two relations of the build.

    Parameters
    ----------
    walks, products
        DuckDB relations with the columns that `embedding_table` asks for, and walk_id.
    warehouse
        Folder of the published tables, whose `.work` takes the corpus.
    label
        Name of the table; a warm start begins with its last published version.
    warm_start
        Whether to start from that version.
    **parameters
        Of `embedding_table`.
    """
    node_count = walks.aggregate("coalesce(max(node_ids[1]) + 1, 0)").fetchall()[0][0]
    # Before the walks: a connection streams one result at a time.
    product_rows = products.order("product_id").to_arrow_table()
    return embedding_table(
        walks.order("walk_id").to_arrow_reader(),
        product_rows,
        node_count=node_count,
        work_folder=warehouse / ".work",
        label=label,
        previous=warehouse / f"{label}.parquet" if warm_start else None,
        **parameters,
    )


def embedding_table(
    walks: pa.RecordBatchReader,
    products: pa.Table,
    *,
    node_count: int,
    work_folder: str | Path,
    label: str,
    previous: str | Path | None = None,
    warm_walks_per_node: int = 1,
    warm_learning_rate: float = 0.025,
    trainer: str = "auto",
    **parameters: Any,
) -> pa.Table:
    """Train on walks; one row per product, without walks from its content, or category and brand.

    Parameters
    ----------
    walks
        Column node_ids, in training order: one walk from each node, then the next. Nodes that are
        not products (users) are trained but get no row.
    products
        Columns product_id, node_id (null: not in the graph), level_1 ... level_n, brand; and those
        of `content_vectors`, where the catalogue has content.
    node_count
        Nodes from which walks start, those of users included.
    work_folder, label
        The corpus is written to this folder, named by the label, and removed afterwards.
    previous
        An earlier table of embeddings to start from. It falls back to a cold start if the
        table does not exist, has other dimensions or knows too few nodes (`KNOWN_ENOUGH`).
    warm_walks_per_node, warm_learning_rate
        A warm start trains on each node's first walks, at this rate: vectors that are already good
        need less of both.
    trainer
        One of `TRAINERS`, or "auto": numba from `NUMBA_FROM` nodes on, else gensim.
    **parameters
        Of `longtail.kernels.skipgram.train_skipgram`.
    """
    node_ids = products.column("node_id")
    in_graph = np.asarray(node_ids.is_valid())
    if not in_graph.any():
        return EMBEDDING_SCHEMA.empty_table()
    nodes = np.asarray(node_ids.drop_null())
    corpus = Path(work_folder) / f"{label}.corpus"
    batches: Iterable[pa.RecordBatch] = walks
    start = _earlier_vectors(previous, products, (node_count, int(parameters["dimensions"])))
    if previous is not None:
        label += ", warm start" if start else ", cold start"
    if start:
        batches = _first_rows(walks, warm_walks_per_node * node_count)
        parameters |= start | {"learning_rate": warm_learning_rate}
    if trainer == "auto":
        trainer = "numba" if node_count >= NUMBA_FROM else "gensim"
    write, train = TRAINERS[trainer]
    try:
        write(batches, corpus)
        trained = train(corpus, node_count=node_count, label=label, **parameters)
    finally:
        corpus.unlink(missing_ok=True)
    levels = [name for name in products.column_names if name.startswith("level_")]
    kinds = {
        "categories": [codes(products, name) for name in levels],
        "brands": codes(products, "brand"),
    }
    shape = (len(products), trained.vectors.shape[1])
    vectors, contexts = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    frequency = np.zeros(len(products), np.int64)
    vectors[in_graph] = trained.vectors[nodes]
    contexts[in_graph] = trained.context_vectors[nodes]
    frequency[in_graph] = trained.frequency[nodes]
    vectors, source = fill_missing_vectors(vectors, in_graph, **kinds)
    contexts, _ = fill_missing_vectors(contexts, in_graph, **kinds)
    for table, of_nodes in ((vectors, trained.vectors), (contexts, trained.context_vectors)):
        rows, means = content_vectors(products, of_nodes)
        table[rows], source[rows] = means, SOURCES.index("content")
    columns = [
        products.column("product_id"),
        node_ids,
        lists(vectors),
        lists(contexts),
        frequency,
        pa.array(SOURCES).take(pa.array(source)),
    ]
    return pa.table(columns, schema=EMBEDDING_SCHEMA)


def _earlier_vectors(
    previous: str | Path | None, products: pa.Table, shape: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Return an earlier build's vectors by this build's node ids, zeros for new nodes.

    Keys are arguments of `train_skipgram`, values of shape (nodes, dimensions). Empty for a cold
    start.
    """
    if previous is None or not Path(previous).exists():
        return {}
    earlier = pq.read_table(previous, filters=pc.field("vector_source") == "walks")
    if len(earlier) == 0 or matrix(earlier, "vector").shape[1] != shape[1]:
        return {}
    in_graph = products.filter(products.column("node_id").is_valid())
    found = pc.index_in(in_graph.column("product_id"), earlier.column("product_id"))
    known = np.asarray(found.is_valid())
    if known.sum() < KNOWN_ENOUGH * shape[0]:
        return {}
    nodes = np.asarray(in_graph.column("node_id"))[known]
    rows = np.asarray(found.drop_null())
    start = {}
    for argument, column in (
        ("initial_vectors", "vector"),
        ("initial_context_vectors", "context_vector"),
    ):
        vectors = np.zeros(shape, np.float32)
        vectors[nodes] = matrix(earlier, column)[rows]
        start[argument] = vectors
    return start


def _first_rows(walks: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Yield batches up to a number of rows."""
    for batch in walks:
        if rows <= 0:
            return
        yield batch.slice(0, rows)
        rows -= len(batch)
