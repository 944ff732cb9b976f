"""Nearest neighbours of embedding vectors: substitutes and complements.

Both are one maximum inner product search with FAISS. Substitutes: cosine of input vectors (same
contexts). Complements: ``in . out + log_frequency_weight * log(frequency)``, the log
probability of "comes next" up to a constant per query.

References
----------
Johnson, Douze, Jégou 2017, *Billion-scale similarity search with GPUs* (FAISS).
Levy, Goldberg 2014, *Neural Word Embedding as Implicit Matrix Factorization*, section 3: at the
optimum ``in . out = log(P(j | i) / Pn(j)) - log(negative)``; noise Pn is proportional to
``frequency ** ns_exponent``, which gives the term of log frequency.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from longtail.kernels.inner_product import Database, Neighbours, largest_inner_products

EXACT_BELOW = 50_000
"""Database rows from which an approximate index is used: one core searches this many all against
all in half a minute, and the time grows with the square."""


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
        Neighbours per query, at most the searchable rows less one.
    queries : ndarray of int, shape (q,), optional
        Rows to find neighbours for; all rows when not given.
    database : ndarray of int, shape (m,), optional
        Rows that may be found, each once; all rows when not given.
    allow_fewer : bool
        Return fewer columns where there are fewer than k others, instead of an error.
    exact_below : int
        Search exactly below this many searchable rows, else by an inverted file.
    target_recall : float
        The number of lists read is doubled until recall@k is at least this.
    threads : int
        FAISS threads. The result does not depend on them.
    batch : int
        Queries per batch; bounds the memory.
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
        Naming the argument: vectors that are not a float (n, d) array, or hold NaN, infinity or a
        row of zeros (which has no direction: ``centroids.fill_missing_vectors`` gives it one); k
        below 1 or too large; queries, database, threads, batch or target_recall out of range.

    Notes
    -----
    Exact: O(q n d) time, about 4 minutes on one core for 212 thousand rows of 128. Memory: one copy
    of the vectors, and batch * k * (d + 4) floats. Equal rows are searched once and then listed
    individually, so that any number of duplicates is in order of index.
    """
    unit = _check_matrix("vectors", vectors).copy()
    norms = np.sqrt(np.einsum("nd,nd->n", unit, unit, dtype=np.float64)).astype(np.float32)
    # A denormal or huge row would under- or overflow in float32: scale it first.
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
    index, score, report = largest_inner_products(
        unit,
        Database(unit[ids], ids, exact_below=exact_below, seed=seed),
        queries=_check_rows("queries", queries, len(unit)),
        k=k,
        allow_fewer=allow_fewer,
        target_recall=target_recall,
        threads=threads,
        batch=batch,
        label=label,
    )
    return Neighbours(index, np.clip(score, -1, 1), report)


def nearest_by_context(
    vectors: np.ndarray,
    context_vectors: np.ndarray,
    frequency: np.ndarray,
    *,
    log_frequency_weight: float = 0.75,
    **parameters: Any,
) -> Neighbours:
    """Find the rows most likely to come next after each row: complements.

    score(i, j) = vectors[i] . context_vectors[j] + log_frequency_weight * log(frequency[j])

    Parameters
    ----------
    vectors, context_vectors, frequency, **parameters
        Of :func:`nearest_at_weights`.
    log_frequency_weight : float
        Weight of log frequency. The training's ``ns_exponent`` is the calibrated value; less
        favours the long tail, 0 ignores frequency.

    Returns
    -------
    Neighbours
        As those of :func:`nearest_at_weights`, which also says the errors.
    """
    weights = [log_frequency_weight]
    return next(
        nearest_at_weights(
            vectors, context_vectors, frequency, log_frequency_weights=weights, **parameters
        )
    )


def nearest_at_weights(
    vectors: np.ndarray,
    context_vectors: np.ndarray,
    frequency: np.ndarray,
    *,
    k: int,
    log_frequency_weights: Sequence[float],
    queries: np.ndarray | None = None,
    allow_fewer: bool = False,
    exact_below: int = EXACT_BELOW,
    target_recall: float = 0.95,
    threads: int = 1,
    batch: int = 1024,
    seed: int = 0,
    label: str = "context neighbours",
) -> Iterator[Neighbours]:
    """Yield :func:`nearest_by_context` at each of several weights of log frequency.

    A weight only enters the query: the database (:func:`context_database`) is built once.

    Parameters
    ----------
    vectors, context_vectors : ndarray, shape (n, d)
        Input and output vectors as trained, not normalised. A row of ``vectors`` may be zero: its
        neighbours are then the most frequent rows.
    frequency : ndarray of int, shape (n,)
        Count of the row in the training corpus. A row of frequency 0 is never returned: it has no
        context vector.
    k : int
        Neighbours per query; at most the rows of frequency above 0, less one.
    log_frequency_weights : sequence of float
        As log_frequency_weight of :func:`nearest_by_context`.
    queries, allow_fewer, exact_below, target_recall, threads, batch, seed, label
        As in :func:`nearest_by_cosine`; exact_below counts the rows of frequency above 0.

    Yields
    ------
    Neighbours
        index int32 (q, k), score float32 (q, k) in nats, report. The query itself is left out.

    Raises
    ------
    ValueError
        Naming the argument: arrays of different shape, NaN or infinity, a negative frequency, no
        frequency above 0, a weight that is not finite; k and the others as in
        :func:`nearest_by_cosine`.

    Notes
    -----
    O(q n d) time per weight when exact; memory as in :func:`nearest_by_cosine`.
    """
    rows = context_database(context_vectors, frequency)
    if np.shape(vectors) != np.shape(context_vectors):
        raise ValueError(
            f"context_vectors must have the shape of vectors {np.shape(vectors)}, "
            f"not {np.shape(context_vectors)}"
        )
    ids = np.flatnonzero(np.asarray(frequency) > 0)
    if len(ids) == 0:
        raise ValueError("frequency: no row has a frequency above 0, there is nothing to find")
    database = Database(rows[ids], ids, exact_below=exact_below, seed=seed)
    for weight in log_frequency_weights:
        asking = context_queries(vectors, log_frequency_weight=weight)
        yield largest_inner_products(
            asking,
            database,
            queries=_check_rows("queries", queries, len(asking)),
            k=k,
            allow_fewer=allow_fewer,
            target_recall=target_recall,
            threads=threads,
            batch=batch,
            label=label,
        )


def context_queries(vectors: np.ndarray, *, log_frequency_weight: float) -> np.ndarray:
    """Append the weight of log frequency to each input vector: float32 (n, d + 1)."""
    vectors = _check_matrix("vectors", vectors)
    if not math.isfinite(log_frequency_weight):
        raise ValueError(f"log_frequency_weight must be finite, not {log_frequency_weight!r}")
    column = np.full((len(vectors), 1), log_frequency_weight, dtype=np.float32)
    return np.hstack([vectors, column])


def context_database(context_vectors: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Append log frequency to each output vector: float32 (n, d + 1).

    The inner product with a row of :func:`context_queries` is the score of
    :func:`nearest_by_context`. Frequency 0 gets 0: exclude such rows from a search.
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
