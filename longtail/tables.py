"""The tables of the dbt Python models: kernels called, results named and typed as Arrow.

One function per stage. An empty graph (one product, one event) is legal here and gives tables
without rows; the kernels themselves refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from longtail.build.warehouse import write_parquet
from longtail.kernels.centroids import VECTOR_SOURCES, fill_missing_vectors
from longtail.kernels.graph import graph_from_edges
from longtail.kernels.projection import cluster, project
from longtail.kernels.ranker import (
    TreeRanker,
    linear_scores,
    list_reach,
    mean_ndcg,
    train_linear,
    train_trees,
    tree_scores,
)
from longtail.kernels.search import Neighbours, nearest_by_context, nearest_by_cosine
from longtail.kernels.skipgram import train_skipgram, write_corpus
from longtail.kernels.walks import WALK_SCHEMA, walks_to_arrow

KNOWN_ENOUGH = 0.8
"""Share of the nodes whose earlier vectors a warm start needs: the others learn from few walks."""
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
NEIGHBOUR_SCHEMA = pa.schema(
    {
        "product_id": pa.string(),
        "neighbour_product_id": pa.string(),
        "rank": pa.int32(),
        "score": pa.float64(),
    }
)
REPORT_SCHEMA = pa.schema(
    {
        "search": pa.string(),
        "method": pa.string(),
        "database_size": pa.int64(),
        "query_count": pa.int64(),
        "k": pa.int64(),
        "lists": pa.int64(),
        "probes": pa.int64(),
        "recall_queries": pa.int64(),
        "recall_at_k": pa.float64(),
    }
)
DIAL_SCHEMA = pa.schema([pa.field("popularity", pa.float64()), *NEIGHBOUR_SCHEMA])
RANKER_SCHEMA = pa.schema(
    {
        "ranker": pa.string(),
        "is_used": pa.bool_(),
        "reason": pa.string(),
        "cases": pa.int64(),
        "examples": pa.int64(),
        "ndcg": pa.float64(),
        "blend_ndcg": pa.float64(),
        "model": pa.string(),
        "features": pa.list_(
            pa.struct(
                {
                    "feature": pa.string(),
                    "gain": pa.float64(),
                    "splits": pa.int64(),
                    "weight": pa.float64(),
                    "scale": pa.float64(),
                }
            )
        ),
        "curve": pa.list_(pa.float64()),
        "tail_weight": pa.float64(),
        "dial": pa.list_(
            pa.struct(
                {
                    "tail_weight": pa.float64(),
                    "ndcg": pa.float64(),
                    "tail_share": pa.float64(),
                    "products": pa.int64(),
                }
            )
        ),
        "settings": pa.string(),
    }
)
SCORE_SCHEMA = pa.schema(
    {
        "scope": pa.string(),
        "user_key": pa.int32(),
        "product_key": pa.int32(),
        "because_product_key": pa.int32(),
        "score": pa.float64(),
    }
)
TAIL_WEIGHTS = tuple(step / 20 for step in range(21))
"""Settings of the ranker's dial."""
KEPT_ASIDE = 0.2
"""Share of the users that the ranker does not learn from."""
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


def every_setting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a call with a keyword argument that is None: a var that dbt did not pass.

    dbt finds the vars of a Python model by reading its code; one that it does not find arrives as
    None, without a word.
    """

    @wraps(function)
    def checked(*arguments: Any, **settings: Any) -> Any:
        if absent := [name for name, value in settings.items() if value is None]:
            raise ValueError(
                f"dbt passed no value for {', '.join(absent)}: ask for it in the model by "
                "dbt.config.meta_get with a literal name, in no condition, and list it in meta"
            )
        return function(*arguments, **settings)

    return checked


@every_setting
def walk_table(edges: pa.Table, *, node_count: int, **parameters: Any) -> pa.RecordBatchReader:
    """Walk over a graph: walk_id, node_ids.

    Parameters
    ----------
    edges
        Columns source_node_id, target_node_id and weight, each undirected edge once.
    node_count
        Nodes of the graph; 0 gives no walks.
    **parameters
        Of `longtail.kernels.walks.walks_to_arrow`.
    """
    if node_count == 0:
        return pa.RecordBatchReader.from_batches(WALK_SCHEMA, [])
    names = ("source_node_id", "target_node_id", "weight")
    graph = graph_from_edges(*(edges.column(name) for name in names), node_count=node_count)
    return walks_to_arrow(graph, progress=True, **parameters)


@every_setting
def trained_table(
    walks: Any, products: Any, *, warehouse: Path, label: str, warm_start: bool, **parameters: Any
) -> pa.Table:
    """Train a model's embeddings on its walks: `embedding_table` of two relations of the build.

    Parameters
    ----------
    walks, products
        DuckDB relations with the columns that `embedding_table` asks for, and walk_id.
    warehouse
        Folder of the published tables, whose `.work` takes the corpus.
    label
        Name of the table; its last published version is what a warm start begins with.
    warm_start
        Whether to begin with it.
    **parameters
        Of `embedding_table`.
    """
    node_count = walks.aggregate("coalesce(max(node_ids[1]) + 1, 0)").fetchall()[0][0]
    # Before the walks: a connection gives one result at a time.
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
    **parameters: Any,
) -> pa.Table:
    """Train on walks; one row per product, those without walks by their category and brand.

    Parameters
    ----------
    walks
        Column node_ids, in the order in which to train: one walk from each node, then another.
        Nodes that no product has (users) take part in the training and have no row.
    products
        Columns product_id, node_id (null: not in the graph), level_1 ... level_n, brand.
    node_count
        Nodes from which walks start, those of users included.
    work_folder, label
        The text corpus is put into this folder, named by the label, and removed afterwards.
    previous
        An earlier table of embeddings to start from. The start is a cold one all the same if the
        table does not exist, has other dimensions or knows too few nodes (`KNOWN_ENOUGH`).
    warm_walks_per_node, warm_learning_rate
        What a warm start trains on, the first walks of each node, and the rate at which: vectors
        that are good already need less of both.
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
    try:
        write_corpus(batches, corpus)
        trained = train_skipgram(corpus, node_count=node_count, label=label, **parameters)
    finally:
        corpus.unlink(missing_ok=True)
    levels = [name for name in products.column_names if name.startswith("level_")]
    kinds = {
        "categories": [_codes(products, name) for name in levels],
        "brands": _codes(products, "brand"),
    }
    shape = (len(products), trained.vectors.shape[1])
    vectors, contexts = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    frequency = np.zeros(len(products), np.int64)
    vectors[in_graph] = trained.vectors[nodes]
    contexts[in_graph] = trained.context_vectors[nodes]
    frequency[in_graph] = trained.frequency[nodes]
    vectors, source = fill_missing_vectors(vectors, in_graph, **kinds)
    contexts, _ = fill_missing_vectors(contexts, in_graph, **kinds)
    columns = [
        products.column("product_id"),
        node_ids,
        _lists(vectors),
        _lists(contexts),
        frequency,
        pa.array(VECTOR_SOURCES).take(pa.array(source)),
    ]
    return pa.table(columns, schema=EMBEDDING_SCHEMA)


def _earlier_vectors(
    previous: str | Path | None, products: pa.Table, shape: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Return an earlier build's vectors by this build's node ids, zeros where it has none.

    Keys are arguments of `train_skipgram`, values of shape (nodes, dimensions). Empty for a cold
    start.
    """
    if previous is None or not Path(previous).exists():
        return {}
    earlier = pq.read_table(previous, filters=pc.field("vector_source") == "walks")
    if len(earlier) == 0 or _matrix(earlier, "vector").shape[1] != shape[1]:
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
        matrix = np.zeros(shape, np.float32)
        matrix[nodes] = _matrix(earlier, column)[rows]
        start[argument] = matrix
    return start


def _first_rows(walks: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Yield batches up to a number of rows."""
    for batch in walks:
        if rows <= 0:
            return
        yield batch.slice(0, rows)
        rows -= len(batch)


def _codes(products: pa.Table, name: str) -> np.ndarray:
    """Return a number for each value of a text column; -1 for null."""
    encoded = products.column(name).combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1))


def _lists(matrix: np.ndarray) -> pa.Array:
    offsets = np.arange(0, matrix.size + 1, matrix.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, matrix.ravel())


def _matrix(table: pa.Table, name: str) -> np.ndarray:
    flat = np.concatenate([np.asarray(chunk.flatten()) for chunk in table.column(name).chunks])
    return flat.reshape(len(table), -1)


@every_setting
def neighbour_table(
    embeddings: pa.Table, *, k: int, work_folder: str | Path, label: str, **parameters: Any
) -> pa.Table:
    """Nearest products by cosine, of every product, among those of the graph: substitutes.

    Parameters
    ----------
    embeddings
        Columns of `EMBEDDING_SCHEMA`.
    k
        Neighbours per product, fewer where the graph has fewer.
    work_folder, label
        The search's own report goes into this folder, as ``<label>.report.parquet``.
    **parameters
        Of `longtail.kernels.search.nearest_by_cosine`.
    """
    return _neighbours(
        embeddings,
        lambda table, in_graph: nearest_by_cosine(
            _matrix(table, "vector"),
            k=k,
            database=in_graph,
            allow_fewer=True,
            label=label,
            **parameters,
        ),
        Path(work_folder) / f"{label}.report.parquet",
    )


@every_setting
def successor_table(
    embeddings: pa.Table, *, k: int, work_folder: str | Path, label: str, **parameters: Any
) -> pa.Table:
    """Products most likely to come next after each product: complements.

    Parameters
    ----------
    embeddings, k, work_folder, label
        As in `neighbour_table`.
    **parameters
        Of `longtail.kernels.search.nearest_by_context`.
    """
    return _neighbours(
        embeddings,
        lambda table, _: nearest_by_context(
            _matrix(table, "vector"),
            _matrix(table, "context_vector"),
            np.asarray(table.column("frequency")),
            k=k,
            allow_fewer=True,
            label=label,
            **parameters,
        ),
        Path(work_folder) / f"{label}.report.parquet",
    )


@every_setting
def dial_table(
    embeddings: pa.Table,
    asked: pa.Table,
    *,
    settings: Sequence[float],
    k: int,
    **parameters: Any,
) -> pa.Table:
    """Successors of some products at several weights of popularity.

    Parameters
    ----------
    embeddings
        Columns of `EMBEDDING_SCHEMA`.
    asked
        Column product_id: the products to search for.
    settings
        Weights of log frequency.
    k
        Successors per product and setting.
    **parameters
        Of `longtail.kernels.search.nearest_by_context`.
    """
    found = pc.index_in(asked.column("product_id"), embeddings.column("product_id"))
    queries = np.asarray(found.drop_null())
    if len(embeddings) == 0 or queries.size == 0:
        return DIAL_SCHEMA.empty_table()
    tables = []
    for popularity in settings:
        index, score, _ = nearest_by_context(
            _matrix(embeddings, "vector"),
            _matrix(embeddings, "context_vector"),
            np.asarray(embeddings.column("frequency")),
            k=k,
            popularity=popularity,
            queries=queries,
            allow_fewer=True,
            **parameters,
        )
        table = _neighbour_rows(embeddings, queries, index, score)
        weight = pa.array(np.full(len(table), popularity, dtype=np.float64))
        tables.append(table.add_column(0, DIAL_SCHEMA.field("popularity"), weight))
    return pa.concat_tables(tables)


def _neighbours(
    embeddings: pa.Table,
    search: Callable[[pa.Table, np.ndarray], Neighbours],
    report_file: Path,
) -> pa.Table:
    in_graph = np.flatnonzero(np.asarray(embeddings.column("node_id").is_valid()))
    if in_graph.size == 0:
        write_parquet(REPORT_SCHEMA.empty_table(), report_file)
        return NEIGHBOUR_SCHEMA.empty_table()
    index, score, report = search(embeddings, in_graph)
    row = {"search": report_file.name.removesuffix(".report.parquet"), **asdict(report)}
    write_parquet(pa.Table.from_pylist([row], schema=REPORT_SCHEMA), report_file)
    return _neighbour_rows(embeddings, np.arange(len(embeddings)), index, score)


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


@every_setting
def map_table(embeddings: pa.Table, *, neighbours: int, seed: int, threads: int) -> pa.Table:
    """Coordinates in two and three dimensions, and clusters, of every product given.

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
        _matrix(embeddings, "vector"), neighbours=neighbours, seed=seed, threads=threads
    )
    coordinates: Sequence[np.ndarray] = [*plane.T, *space.T]
    columns = [embeddings.column("product_id"), *coordinates, cluster(plane)]
    return pa.table(columns, schema=MAP_SCHEMA)


def ranker_table(
    examples: pa.Table,
    *,
    kind: str,
    linear_names: list[str],
    repeat_weight: float,
    tail: float,
    tail_cost: float,
    min_cases: int,
    purchase_weight: float,
    threads: int,
    **parameters: Any,
) -> pa.Table:
    """Learn to order candidates; one row, which says whether the order is to be used.

    Parameters
    ----------
    examples
        Columns user_key, product_key, draw (a number in [0, 1) per user), relevance, is_tail,
        blend_score and features, which alone are float32; rows of a user are together.
    kind
        "trees" or "linear".
    linear_names
        Features of the linear ranker; the trees take all.
    repeat_weight
        Weight of repeat_interest in the blend that the ranker has to beat.
    tail
        How much of the long tail the lists shall show, as a multiple of what the blend's do.
    tail_cost
        Share of NDCG that this may cost, at most.
    min_cases
        With fewer users nothing is learned.
    purchase_weight, threads, **parameters
        Of `longtail.kernels.ranker.train_trees`.
    """
    sizes, draws = _cases(examples)
    row: dict[str, Any] = {
        "ranker": kind,
        "is_used": False,
        "cases": len(sizes),
        "examples": len(examples),
        "settings": json.dumps(
            {
                "min_cases": min_cases,
                "tail": tail,
                "tail_cost": tail_cost,
                "purchase_weight": purchase_weight,
            }
            | parameters,
            sort_keys=True,
        ),
    }
    kept_aside = draws < KEPT_ASIDE
    if len(sizes) < min_cases or kept_aside.all() or not kept_aside.any():
        row["reason"] = f"{len(sizes)} cases to learn from, of at least {min_cases}"
        return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)
    relevance = np.asarray(examples.column("relevance"))
    rows_aside = np.repeat(kept_aside, sizes)

    def judged(scores: np.ndarray) -> float:
        return mean_ndcg(
            scores, relevance[rows_aside], sizes[kept_aside], purchase_weight=purchase_weight
        )

    names = _features(examples.schema)

    def reach(scores: np.ndarray) -> tuple[float, int]:
        return list_reach(scores, sizes[kept_aside], products, is_tail)

    aside = examples.filter(pa.array(rows_aside))
    products = np.asarray(aside.column("product_key"))
    is_tail = np.asarray(aside.column("is_tail"))
    if kind == "trees":
        names = _features(examples.schema)
        features = _floats(examples, names)
        found = train_trees(
            features,
            relevance,
            sizes,
            kept_aside,
            names=names,
            purchase_weight=purchase_weight,
            threads=threads,
            **parameters,
        )
        row |= _tree_columns(found, names)
        scores = tree_scores(found.text, features[rows_aside], threads=threads)
    else:
        learned = examples.filter(pa.array(~rows_aside))
        linear = train_linear(
            _floats(learned, linear_names),
            relevance[~rows_aside],
            sizes[~kept_aside],
            purchase_weight=purchase_weight,
        )
        row["features"] = [
            {"feature": name, "weight": weight, "scale": scale}
            for name, weight, scale in zip(linear_names, linear.weights, linear.scales, strict=True)
        ]
        scores = linear_scores(linear, _floats(aside, linear_names))
    columns = ["blend_score", "repeat_interest", "interactions_7", "interactions"]
    blend, repeats, recent, interactions = np.nan_to_num(_floats(aside, columns)).T
    # Popularity orders what the blend does not know, as in the lists that it would serve.
    blend = blend.astype(np.float64) + repeat_weight * repeats + 1e-12 * recent
    row["blend_ndcg"] = judged(blend)
    row["dial"] = []
    for weight in TAIL_WEIGHTS:
        weighted = scores - weight * np.log1p(interactions)
        figures = (weight, judged(weighted), *reach(weighted))
        row["dial"].append(
            dict(zip(("tail_weight", "ndcg", "tail_share", "products"), figures, strict=True))
        )
    chosen = _dial_setting(row["dial"], *(tail * figure for figure in reach(blend)), tail_cost)
    row |= {"tail_weight": chosen["tail_weight"], "ndcg": chosen["ndcg"]}
    row["is_used"] = row["ndcg"] >= row["blend_ndcg"]
    row["reason"] = (
        f"NDCG@20 {row['ndcg']:.4f} for users it did not learn from, "
        f"{row['blend_ndcg']:.4f} by the blend"
    )
    return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)


def _dial_setting(
    dial: Sequence[dict[str, float]], tail_share: float, products: float, cost: float
) -> dict[str, float]:
    """Return the most accurate setting that reaches as much; if none does, the farthest.

    Settings that cost more than a share of the best accuracy are left out.
    """
    best = max(setting["ndcg"] for setting in dial)
    cheap = [setting for setting in dial if setting["ndcg"] >= (1 - cost) * best]
    enough = [
        setting
        for setting in cheap
        if setting["tail_share"] >= tail_share and setting["products"] >= products
    ]
    return max(enough, key=lambda setting: setting["ndcg"]) if enough else cheap[-1]


def _cases(examples: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each user and the user's draw, in the order of the rows."""
    users = np.asarray(examples.column("user_key"))
    starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]][: len(users)])
    sizes = np.diff(np.r_[starts, len(users)])
    return sizes, np.asarray(examples.column("draw"))[starts]


def _tree_columns(found: TreeRanker, names: list[str]) -> dict[str, Any]:
    return {
        "model": found.text,
        "curve": found.curve.tolist(),
        "features": [
            {"feature": name, "gain": gain, "splits": splits}
            for name, gain, splits in zip(names, found.gains, found.splits, strict=True)
        ],
    }


def _features(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_float32(field.type)]


def _floats(table: pa.Table | pa.RecordBatch, names: Sequence[str]) -> np.ndarray:
    """Return columns as a float32 matrix, NaN for null."""
    matrix = np.empty((len(table), len(names)), np.float32)
    for place, name in enumerate(names):
        matrix[:, place] = table.column(name).to_numpy(zero_copy_only=False)
    return matrix


def score_table(
    candidates: pa.RecordBatchReader, ranker: pa.Table, *, threads: int
) -> pa.RecordBatchReader:
    """Score candidates by trees, batch by batch; none where trees are not used.

    Parameters
    ----------
    candidates
        Columns of `SCORE_SCHEMA` but the score, and features.
    ranker
        What `ranker_table` returned.
    threads
        Change nothing but the time.
    """
    names = _features(candidates.schema)
    text = ranker.column("model")[0].as_py() if ranker.column("is_used")[0].as_py() else None

    def scored() -> Iterator[pa.RecordBatch]:
        for batch in candidates if text else ():
            score = tree_scores(text, _floats(batch, names), threads=threads)
            columns = [
                *(
                    batch.column(name).cast(SCORE_SCHEMA.field(name).type)
                    for name in SCORE_SCHEMA.names[:-1]
                ),
                pa.array(score),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=SCORE_SCHEMA)

    return pa.RecordBatchReader.from_batches(SCORE_SCHEMA, scored())
