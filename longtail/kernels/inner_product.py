"""Maximum inner product search with FAISS: exact, or by an inverted file of measured recall.

References
----------
Johnson, Douze, Jégou 2017, *Billion-scale similarity search with GPUs* (FAISS).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from longtail.kernels.progress import track

_SPARE = 8
_REPORT_QUERIES = 1_000
_Find = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class SearchReport:
    """How a search was done and how good it was.

    Attributes
    ----------
    method : str
        ``exact`` (compares every vector) or ``ivf`` (reads only the nearest lists of an inverted
        file).
    database_size, query_count, k : int
        Searchable vectors, queries, neighbours returned per query.
    lists, probes : int
        Lists of the inverted file and lists read per query; 0 when exact.
    recall_queries : int
        Queries, from the data itself, on which ``recall_at_k`` was measured; 0 when exact.
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
        Rows of the database, best first; never the query itself, never -1, no duplicates.
    score : ndarray of float32, shape (q, k)
        Descending along a row; equal scores are in order of index.
    report : SearchReport
    """

    index: np.ndarray
    score: np.ndarray
    report: SearchReport


class Database:
    """Rows to search, with an inverted file from ``exact_below`` rows on, built when first needed.

    One database serves any number of calls of :func:`largest_inner_products`.
    """

    def __init__(self, rows: np.ndarray, ids: np.ndarray, *, exact_below: int, seed: int) -> None:
        self.ids = ids
        self.seed = int(seed)
        self.is_large = len(ids) >= exact_below
        self._rows = rows

    @cached_property
    def groups(self) -> _Groups:
        """Rows of equal value, each once."""
        return _Groups.of(self._rows, self.ids)

    @cached_property
    def inverted_file(self):
        """FAISS index over the groups, and its number of lists."""
        return _inverted_file(self.groups.rows, self.seed)


def largest_inner_products(
    asking: np.ndarray,
    database: Database,
    *,
    queries: np.ndarray,
    k: int,
    allow_fewer: bool,
    target_recall: float,
    threads: int,
    batch: int,
    label: str,
) -> Neighbours:
    """Search ``database`` for the rows of ``asking``, without the query's own row."""
    for name, value in (("k", k), ("threads", threads), ("batch", batch)):
        if int(value) != value or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    if not 0 < target_recall <= 1:
        raise ValueError(f"target_recall must be above 0 and at most 1, not {target_recall!r}")
    others = len(database.ids) - 1
    if k > others and not allow_fewer:
        raise ValueError(f"k is {k}, but a row has only {others} others to find")
    k = min(int(k), others)
    report = SearchReport("exact", len(database.ids), len(queries), k)
    if k == 0 or len(queries) == 0:
        empty = np.empty((len(queries), k), dtype=np.int32)
        return Neighbours(empty, empty.astype(np.float32), report)

    groups = database.groups
    with _faiss_threads(int(threads)):
        find = _compare_all(groups.rows)
        if database.is_large:
            sample = np.random.default_rng(database.seed).permutation(queries)[:_REPORT_QUERIES]
            truth = _in_batches(find, asking, groups, sample, k, int(batch), f"{label}: exact")
            index, lists = database.inverted_file
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
                "ivf",
                len(database.ids),
                len(queries),
                k,
                lists,
                index.nprobe,
                len(sample),
                recall,
            )
        rows, scores = _in_batches(find, asking, groups, queries, k, int(batch), label)
    return Neighbours(rows, scores, report)


@contextmanager
def _faiss_threads(threads: int) -> Iterator[None]:
    """Set FAISS's threads; OpenMP does so per calling thread, so other searches keep theirs."""
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
    """Inverted file over k-means lists, 4 * sqrt(n) of them, as the FAISS guidelines advise."""
    import faiss

    count, width = rows.shape
    lists = max(1, min(int(4 * math.sqrt(count)), count // 40))
    quantizer = faiss.IndexFlatIP(width)
    index = faiss.IndexIVFFlat(quantizer, width, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = int(seed) + 1
    index.train(rows)
    index.add(rows)
    # FAISS frees the quantizer with its Python object, at the end of this function.
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
    # One extra for the query itself; the spare ones absorb rounding at the end of the list.
    wanted = min(k + 1 + _SPARE, group_count)
    found = find(asking[queries], wanted)
    query, group = _listed(found)
    # Scored again in a fixed order of operations: FAISS's sums depend on batch and position.
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
        # Only an inverted file gets here: its lists held fewer than k. Compare everything.
        full = _one_batch(_compare_all(groups.rows), asking, groups, queries[short], k)
        rows[short], scores[short] = full
    return rows, scores


def _listed(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(query, group) of each result, without FAISS's padding of -1."""
    query, place = np.nonzero(found >= 0)
    return query, found[query, place]


def _recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean share of a row of ``truth`` that the same row of ``found`` contains."""
    width = int(max(found.max(), truth.max())) + 1
    offset = np.arange(len(truth), dtype=np.int64)[:, None] * width
    return float(np.isin(truth + offset, found + offset).mean())
