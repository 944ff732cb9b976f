"""Nearest neighbours of embedding vectors: substitutes and complements.

Both are one maximum inner product search with FAISS. Substitutes: cosine of input vectors (same
surroundings). Complements: ``in . out + popularity * log(frequency)``, the log
probability of "comes next" up to a constant per query.

References
----------
Johnson, Douze, Jégou 2017, *Billion-scale similarity search with GPUs* (FAISS).
Levy, Goldberg 2014, *Neural Word Embedding as Implicit Matrix Factorization*, section 3: at the
optimum ``in . out = log(P(j | i) / Pn(j)) - log(negative)``; noise Pn is proportional to
``frequency ** ns_exponent``, which gives the popularity term.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from longtail.kernels.progress import track

EXACT_BELOW = 50_000
"""Database rows from which an approximate index is used: one core searches this many all against
all in half a minute, and the time grows with the square."""

_SPARE = 8
_REPORT_QUERIES = 1_000


_Find = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class SearchReport:
    """How a search was done and how good it was.

    Attributes
    ----------
    method : str
        ``exact`` (every vector compared) or ``ivf`` (only the nearest lists of an inverted file).
    database_size, query_count, k : int
        Vectors that could be found, queries asked, neighbours given per query.
    lists, probes : int
        Lists of the inverted file and lists read per query; 0 when exact.
    recall_queries : int
        Queries of the data's own on which ``recall_at_k`` was measured; 0 when exact.
    recall_at_k : float
        Share of the exact k nearest that the index found; 1 when exact.
    """

    method: str
    database_size: int
    query_count: int
    k: int
    lists: int = 0
    probes: int = 0
    recall_queries: int = 0
    recall_at_k: float = 1.0


class Neighbours(NamedTuple):
    """Result of a search; unpacks as ``index, score, report``.

    Attributes
    ----------
    index : ndarray of int32, shape (q, k)
        Rows of the database, best first; never the query itself, never -1, none twice.
    score : ndarray of float32, shape (q, k)
        Falling along a row; equal scores are in order of index.
    report : SearchReport
    """

    index: np.ndarray
    score: np.ndarray
    report: SearchReport


def nearest_by_cosine(
    vectors: np.ndarray,
    *,
    k: int,
    queries: np.ndarray | None = None,
    database: np.ndarray | None = None,
    allow_fewer: bool = False,
    exact_below: int = EXACT_BELOW,
    target_recall: float = 0.95,
    threads: int = 1,
    batch: int = 1024,
    seed: int = 0,
    label: str = "cosine neighbours",
) -> Neighbours:
    """Find the rows with the largest cosine to each row: substitutes.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Any float type and any length but 0.
    k : int
        Neighbours per query, at most the rows that may be found, less one.
    queries : ndarray of int, shape (q,), optional
        Rows to find neighbours for; all rows when not given.
    database : ndarray of int, shape (m,), optional
        Rows that may be found, each once; all rows when not given.
    allow_fewer : bool
        Return fewer columns where there are fewer than k others, instead of an error.
    exact_below : int
        Compare everything when fewer rows than this may be found, else use an inverted file.
    target_recall : float
        The inverted file reads twice as many lists until its recall@k is at least this.
    threads : int
        Threads of FAISS. The result does not depend on them.
    batch : int
        Queries at a time; bounds the memory.
    seed : int
        Of the inverted file and of the queries its recall is measured on.
    label : str
        Name in the progress display.

    Returns
    -------
    Neighbours
        index int32 (q, k), score float32 (q, k) in [-1, 1], report.

    Raises
    ------
    ValueError
        Naming the argument: vectors that are no float (n, d) array, hold NaN, infinity or a row of
        zeros (it has no direction: ``centroids.fill_missing_vectors`` gives it one); k
        below 1 or too large; queries, database, threads, batch or target_recall out of range.

    Notes
    -----
    Exact: O(q n d) time, about 4 minutes on one core for 212 thousand rows of 128. Memory: one copy
    of the vectors, and batch * k * (d + 4) floats. Equal rows are searched once and then listed
    one by one, so that any number of duplicates comes out in order of index.
    """
    unit = _check_matrix("vectors", vectors).copy()
    norms = np.sqrt(np.einsum("nd,nd->n", unit, unit, dtype=np.float64)).astype(np.float32)
    # A denormal or a huge row overflows in float32; scaled first it has a direction all the same.
    extreme = ~((norms > 1e-18) & (norms < 1e18))
    if extreme.any():
        largest = np.abs(unit[extreme]).max(axis=1)
        if (largest == 0).any():
            raise ValueError(
                f"vectors: {int((largest == 0).sum())} rows are zero and have no direction; "
                "fill them first"
            )
        unit[extreme] /= largest[:, None]
        norms[extreme] = np.linalg.norm(unit[extreme], axis=1)
    unit /= norms[:, None]
    ids = np.unique(_check_rows("database", database, len(unit)))
    if len(ids) == 0:
        raise ValueError("database: there is no row to find")
    index, score, report = _search(
        unit,
        unit[ids],
        database_ids=ids,
        queries=_check_rows("queries", queries, len(unit)),
        k=k,
        allow_fewer=allow_fewer,
        exact_below=exact_below,
        target_recall=target_recall,
        threads=threads,
        batch=batch,
        seed=seed,
        label=label,
    )
    return Neighbours(index, np.clip(score, -1, 1), report)


def nearest_by_context(
    vectors: np.ndarray,
    context_vectors: np.ndarray,
    frequency: np.ndarray,
    *,
    k: int,
    popularity: float = 0.75,
    queries: np.ndarray | None = None,
    allow_fewer: bool = False,
    exact_below: int = EXACT_BELOW,
    target_recall: float = 0.95,
    threads: int = 1,
    batch: int = 1024,
    seed: int = 0,
    label: str = "context neighbours",
) -> Neighbours:
    """Find the rows most likely to come next after each row: complements.

    score(i, j) = vectors[i] . context_vectors[j] + popularity * log(frequency[j])

    Parameters
    ----------
    vectors, context_vectors : ndarray, shape (n, d)
        Input and output vectors as trained, not normalised. A row of ``vectors`` may be zero (its
        neighbours are then the popular rows).
    frequency : ndarray of int, shape (n,)
        Count of the row in the training corpus. A row of frequency 0 is never returned: it has no
        context vector.
    k : int
        Neighbours per query; at most the rows of frequency above 0, less one.
    popularity : float
        Weight of log frequency. The ``ns_exponent`` of the training is calibrated; less
        favours the long tail, 0 leaves popularity out. It only enters the query: the database
        (:func:`context_database`) serves any value.
    queries, allow_fewer, exact_below, target_recall, threads, batch, seed, label
        As in :func:`nearest_by_cosine`; exact_below counts the rows of frequency above 0.

    Returns
    -------
    Neighbours
        index int32 (q, k), score float32 (q, k) in nats, report. The query itself is left out.

    Raises
    ------
    ValueError
        Naming the argument: arrays of different shape, NaN or infinity, a negative frequency, no
        frequency above 0, a popularity that is not finite; k and the others as in
        :func:`nearest_by_cosine`.

    Notes
    -----
    O(q n d) time when exact; memory as in :func:`nearest_by_cosine`.
    """
    asking = context_queries(vectors, popularity=popularity)
    found = np.asarray(frequency)
    database = context_database(context_vectors, found)
    if database.shape != asking.shape:
        raise ValueError(
            f"context_vectors must have the shape of vectors {np.shape(vectors)}, "
            f"not {np.shape(context_vectors)}"
        )
    ids = np.flatnonzero(found > 0)
    if len(ids) == 0:
        raise ValueError("frequency: no row has a frequency above 0, there is nothing to find")
    return _search(
        asking,
        database[ids],
        database_ids=ids,
        queries=_check_rows("queries", queries, len(asking)),
        k=k,
        allow_fewer=allow_fewer,
        exact_below=exact_below,
        target_recall=target_recall,
        threads=threads,
        batch=batch,
        seed=seed,
        label=label,
    )


def context_queries(vectors: np.ndarray, *, popularity: float) -> np.ndarray:
    """Append the popularity weight to each input vector: float32 (n, d + 1)."""
    vectors = _check_matrix("vectors", vectors)
    if not math.isfinite(popularity):
        raise ValueError(f"popularity must be a finite number, not {popularity!r}")
    column = np.full((len(vectors), 1), popularity, dtype=np.float32)
    return np.hstack([vectors, column])


def context_database(context_vectors: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Append log frequency to each output vector: float32 (n, d + 1).

    The inner product with a row of :func:`context_queries` is the score of
    :func:`nearest_by_context`. Frequency 0 gets 0: such rows have to be left out of a search.
    """
    context_vectors = _check_matrix("context_vectors", context_vectors)
    frequency = np.asarray(frequency)
    if frequency.shape != (len(context_vectors),) or frequency.dtype.kind not in "iuf":
        raise ValueError(
            f"frequency must be {len(context_vectors)} numbers, one per row of context_vectors, "
            f"not {frequency.dtype} of shape {frequency.shape}"
        )
    if not np.isfinite(frequency).all() or (frequency < 0).any():
        raise ValueError("frequency holds a negative number, NaN or infinity")
    column = np.log(np.where(frequency > 0, frequency, 1)).astype(np.float32)
    return np.hstack([context_vectors, column[:, None]])


def _check_matrix(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind != "f" or 0 in values.shape:
        raise ValueError(
            f"{name} must be a float array of shape (n, d) with n and d above 0, "
            f"not {values.dtype} of shape {values.shape}"
        )
    values = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinite values")
    return values


def _check_rows(name: str, rows: np.ndarray | None, count: int) -> np.ndarray:
    if rows is None:
        return np.arange(count)
    rows = np.asarray(rows)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a one-dimensional array of row numbers, not {rows!r}")
    rows = rows.astype(np.int64)
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise ValueError(f"{name} must be rows in [0, {count})")
    return rows


def _search(
    asking: np.ndarray,
    database: np.ndarray,
    *,
    database_ids: np.ndarray,
    queries: np.ndarray,
    k: int,
    allow_fewer: bool,
    exact_below: int,
    target_recall: float,
    threads: int,
    batch: int,
    seed: int,
    label: str,
) -> Neighbours:
    """Maximum inner product of rows of ``asking`` and ``database``, without the query's own row."""
    for name, value in (("k", k), ("threads", threads), ("batch", batch)):
        if int(value) != value or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    if not 0 < target_recall <= 1:
        raise ValueError(f"target_recall must be above 0 and at most 1, not {target_recall!r}")
    others = len(database_ids) - 1
    if k > others and not allow_fewer:
        raise ValueError(f"k is {k}, but a row has only {others} others to find")
    k = min(int(k), others)
    report = SearchReport("exact", len(database_ids), len(queries), k)
    if k == 0 or len(queries) == 0:
        empty = np.empty((len(queries), k), dtype=np.int32)
        return Neighbours(empty, empty.astype(np.float32), report)

    groups = _Groups.of(database, database_ids)
    with _faiss_threads(int(threads)):
        find = _compare_all(groups.rows)
        if len(database_ids) >= exact_below:
            sample = np.random.default_rng(seed).permutation(queries)[:_REPORT_QUERIES]
            truth = _in_batches(find, asking, groups, sample, k, int(batch), f"{label}: exact")
            index, lists = _inverted_file(groups.rows, seed)
            find = _read_lists(index)
            index.nprobe = max(1, lists // 64)
            while True:
                name = f"{label}: {index.nprobe} of {lists} lists"
                got = _in_batches(find, asking, groups, sample, k, int(batch), name)
                recall = _recall(got[0], truth[0])
                if recall >= target_recall or index.nprobe == lists:
                    break
                index.nprobe = min(2 * index.nprobe, lists)
            report = SearchReport(
                "ivf", len(database_ids), len(queries), k, lists, index.nprobe, len(sample), recall
            )
        rows, scores = _in_batches(find, asking, groups, queries, k, int(batch), label)
    return Neighbours(rows, scores, report)


@contextmanager
def _faiss_threads(threads: int) -> Iterator[None]:
    """OpenMP keeps this setting per calling thread, so searches in other threads keep theirs."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


@dataclass(frozen=True)
class _Groups:
    """Database rows of equal value: searched once, listed in order of their ids.

    ``rows`` (g, d) are the values; group j holds ``sizes[j]`` ids from ``ids[starts[j]]`` on.
    """

    rows: np.ndarray
    ids: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, database: np.ndarray, ids: np.ndarray) -> _Groups:
        database = np.ascontiguousarray(database + np.float32(0))  # -0.0 becomes 0.0
        keys = database.view(f"V{database.itemsize * database.shape[1]}").ravel()
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        sizes = np.diff(np.append(first, len(order)))
        if len(first) == len(order):
            return cls(database, ids, np.arange(len(ids)), sizes)
        return cls(database[order[first]], ids[order], first, sizes)


def _compare_all(rows: np.ndarray) -> _Find:
    import faiss

    def find(asking: np.ndarray, k: int) -> np.ndarray:
        return faiss.knn(asking, rows, k, metric=faiss.METRIC_INNER_PRODUCT)[1]

    return find


def _inverted_file(rows: np.ndarray, seed: int):
    """Inverted file over k-means lists, 4 * sqrt(n) of them as the FAISS guidelines have it."""
    import faiss

    count, width = rows.shape
    lists = max(1, min(int(4 * math.sqrt(count)), count // 40))
    quantizer = faiss.IndexFlatIP(width)
    index = faiss.IndexIVFFlat(quantizer, width, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = int(seed) + 1
    index.train(rows)
    index.add(rows)
    # FAISS frees the quantizer with its Python object, which ends with this function.
    quantizer.this.disown()
    index.own_fields = True
    return index, lists


def _read_lists(index) -> _Find:
    def find(asking: np.ndarray, k: int) -> np.ndarray:
        return index.search(asking, k)[1]

    return find


def _in_batches(
    find: _Find,
    asking: np.ndarray,
    groups: _Groups,
    queries: np.ndarray,
    k: int,
    batch: int,
    label: str,
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.empty((len(queries), k), dtype=np.int32)
    scores = np.empty((len(queries), k), dtype=np.float32)
    firsts = range(0, len(queries), batch)
    for first in track(firsts, len(firsts), label):
        part = slice(first, first + batch)
        rows[part], scores[part] = _one_batch(find, asking, groups, queries[part], k)
    return rows, scores


def _one_batch(
    find: _Find, asking: np.ndarray, groups: _Groups, queries: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    group_count = len(groups.rows)
    # One more for the query itself; the spare ones absorb rounding at the end of the list.
    wanted = min(k + 1 + _SPARE, group_count)
    found = find(asking[queries], wanted)
    query, group = _listed(found)
    # Scored again in one fixed order of operations: FAISS's sums depend on batch and position.
    score = np.einsum("nd,nd->n", asking[queries[query]], groups.rows[group])
    size = np.minimum(groups.sizes[group], k + 1)
    query, score, start = (
        np.repeat(values, size) for values in (query, score, groups.starts[group])
    )
    within = np.arange(len(query)) - np.repeat(np.cumsum(size) - size, size)
    member = groups.ids[start + within]
    others = member != queries[query]
    query, score, member = query[others], score[others], member[others]
    order = np.lexsort((member, -score, query))
    query, score, member = query[order], score[order], member[order]
    held = np.bincount(query, minlength=len(queries))
    place = np.arange(len(query)) - np.repeat(np.cumsum(held) - held, held)
    short = np.flatnonzero(held < k)
    rows = np.empty((len(queries), k), dtype=np.int32)
    scores = np.empty((len(queries), k), dtype=np.float32)
    kept = place < k
    rows[query[kept], place[kept]] = member[kept]
    scores[query[kept], place[kept]] = score[kept]
    if len(short):
        # Only an inverted file comes here: its lists held fewer than k. Compare everything.
        full = _one_batch(_compare_all(groups.rows), asking, groups, queries[short], k)
        rows[short], scores[short] = full
    return rows, scores


def _listed(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(query, group) of each result, without FAISS's -1 for "no more"."""
    query, place = np.nonzero(found >= 0)
    return query, found[query, place]


def _recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean share of each row of ``truth`` that the same row of ``found`` holds."""
    width = int(max(found.max(), truth.max())) + 1
    offset = np.arange(len(truth), dtype=np.int64)[:, None] * width
    return float(np.isin(truth + offset, found + offset).mean())
