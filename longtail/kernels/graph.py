"""Weighted graphs in compressed sparse row (CSR) form, and how to read them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse


@dataclass(frozen=True, eq=False)
class Graph:
    """A weighted graph: row ``v`` holds the edges that leave node ``v``.

    An undirected graph has each edge in both rows, a self-loop once.

    Parameters
    ----------
    indptr
        int64, shape (n + 1,). Edges of node ``v`` are ``indptr[v]:indptr[v + 1]``.
    indices
        int32, shape (m,). Target nodes, strictly increasing inside each row.
    weights
        float32 or float64, shape (m,). Above 0, their sum finite; only ratios inside a row
        matter to walks.

    Raises
    ------
    ValueError
        If an array breaks one of the rules above, or there is no node or no edge; the
        message starts with the argument's name.

    Notes
    -----
    Arrays of the right type are kept without a copy and must not be changed afterwards.
    Validation is O(n + m).
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weights: NDArray[np.floating]

    def __post_init__(self) -> None:
        """Convert to the documented types, and validate."""
        indptr = _integers("indptr", self.indptr, np.int64)
        indices = _integers("indices", self.indices, np.int32)
        weights = _weights("weights", self.weights)
        if indptr.size < 2:
            raise ValueError("indptr: the graph is empty, at least one node is needed")
        if indices.size == 0:
            raise ValueError("indices: the graph is empty, at least one edge is needed")
        if indptr[0] != 0 or indptr[-1] != indices.size or (np.diff(indptr) < 0).any():
            raise ValueError(
                f"indptr: must go from 0 to the number of edges ({indices.size}), never falling"
            )
        _check_range("indices", indices, indptr.size - 1)
        falls = np.flatnonzero(np.diff(indices) <= 0) + 1
        starts_a_row = np.zeros(indices.size + 1, dtype=bool)
        starts_a_row[indptr] = True
        if not starts_a_row[falls].all():
            raise ValueError("indices: must be sorted and without duplicates inside each row")
        if weights.size != indices.size:
            raise ValueError(
                f"weights: shape {weights.shape} differs from that of indices {indices.shape}"
            )
        if not (weights > 0).all():
            raise ValueError("weights: must be above 0 (graph_from_edges drops zero weights)")
        with np.errstate(over="ignore"):
            if not np.isfinite(weights.sum(dtype=np.float64)):
                raise ValueError("weights: their sum is not finite")
        for name, array in (("indptr", indptr), ("indices", indices), ("weights", weights)):
            object.__setattr__(self, name, array)

    @property
    def node_count(self) -> int:
        """Number of nodes, isolated ones included."""
        return self.indptr.size - 1

    @property
    def edge_count(self) -> int:
        """Number of directed edges: an undirected edge counts twice, a self-loop once."""
        return self.indices.size


def graph_from_edges(
    source: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike,
    *,
    node_count: int,
    directed: bool = False,
) -> Graph:
    """Build a graph from a list of edges.

    Weights of duplicate edges are summed. Edges of weight 0 are dropped. Undirected: each edge
    is written into both rows, so ``(a, b)`` and ``(b, a)`` are duplicates; a self-loop is kept
    once.

    Parameters
    ----------
    source, target
        Integers in ``[0, node_count)``, shape (k,).
    weight
        Numbers, shape (k,); finite, not negative. float32 stays float32, anything else
        becomes float64.
    node_count
        Number of nodes; nodes that no edge touches are isolated.
    directed
        Whether an edge leads from `source` to `target` only. No model uses it: it is for tests of
        the walks, whose probabilities then differ by direction.

    Returns
    -------
    Graph
        With rows sorted by target.

    Raises
    ------
    ValueError
        For an empty graph (no node, or no edge of weight above 0), shapes that differ, node
        ids out of range and NaN, infinite or negative weights; the message starts with the
        argument's name.

    Notes
    -----
    O(node_count + k log(largest degree)) time, about 60 bytes an edge at its peak.
    """
    if node_count < 1 or node_count > np.iinfo(np.int32).max:
        raise ValueError(f"node_count: {node_count} is not in 1 to 2**31 - 1")
    source = _integers("source", source, np.int32)
    target = _integers("target", target, np.int32)
    weight = _weights("weight", weight)
    if target.size != source.size:
        raise ValueError(f"target: shape {target.shape} differs from that of source {source.shape}")
    if weight.size != source.size:
        raise ValueError(f"weight: shape {weight.shape} differs from that of source {source.shape}")
    _check_range("source", source, node_count)
    _check_range("target", target, node_count)

    kept = weight > 0
    if not kept.all():
        source, target, weight = source[kept], target[kept], weight[kept]
    if weight.size == 0:
        raise ValueError("weight: the graph is empty, no edge has a weight above 0")
    precise_weight = weight.astype(np.float64, copy=False)
    if not directed:
        two_way = source != target
        source, target, precise_weight = (
            np.concatenate((source, target[two_way])),
            np.concatenate((target, source[two_way])),
            np.concatenate((precise_weight, precise_weight[two_way])),
        )
    shape = (node_count, node_count)
    matrix = sparse.coo_matrix((precise_weight, (source, target)), shape=shape).tocsr()
    summed = matrix.data.astype(weight.dtype, copy=False)
    if not np.isfinite(summed).all():
        raise ValueError("weight: the sum over duplicates of an edge is not finite")
    return Graph(matrix.indptr.astype(np.int64), matrix.indices, summed)


def read_edgelist(path: str | os.PathLike[str]) -> tuple[Graph, NDArray[np.str_]]:
    """Read an undirected edge list with nodes of any name, through csrgraph.

    Parameters
    ----------
    path
        A file without header, two or three tab-separated columns: one node, the other node,
        weight (1 when there is no third column). Each undirected edge once; compressed files
        are recognised by their suffix (.gz, .zst ...).

    Returns
    -------
    Graph
        Undirected, float64 weights equal to the written decimals.
    names
        Shape (n,): the name of each node, sorted as text.

    Raises
    ------
    ValueError
        If the file is empty or malformed (the message starts with ``path``), or for what
        `graph_from_edges` rejects.
    OSError
        If the file cannot be read.

    Notes
    -----
    csrgraph reads one direction only, because its undirected form doubles self-loops.
    """
    import csrgraph  # here, not above: the import takes 2 s, which only readers of files should pay

    if Path(path).stat().st_size == 0:
        raise ValueError("path: the file is empty")
    try:
        with _without_numba_thread_variable():
            edges = csrgraph.read_edgelist(
                path, directed=True, sep="\t", dtype={0: str, 1: str}, keep_default_na=False
            )
    except (ValueError, TypeError) as error:
        raise ValueError(f"path: {path} is not an edge list: {error}") from error
    names = edges.names.to_numpy().astype(str)
    if (names == "").any():
        raise ValueError(f"path: {path} has an edge without a node's name")
    rows = np.repeat(np.arange(names.size), np.diff(edges.src))
    return graph_from_edges(rows, edges.dst, edges.weights, node_count=names.size), names


@contextmanager
def _without_numba_thread_variable() -> Iterator[None]:
    """Hide NUMBA_NUM_THREADS: csrgraph overwrites it, which numba refuses once threads run."""
    value = os.environ.pop("NUMBA_NUM_THREADS", None)
    try:
        yield
    finally:
        if value is not None:
            os.environ["NUMBA_NUM_THREADS"] = value


def _integers(name: str, values: ArrayLike, dtype: type[np.integer]) -> NDArray[np.integer]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: must have one dimension, not {array.ndim}")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name}: must be integers, not {array.dtype}")
    limits = np.iinfo(dtype)
    if array.size and (array.min() < limits.min or array.max() > limits.max):
        raise ValueError(f"{name}: out of range for {np.dtype(dtype)}")
    return np.ascontiguousarray(array, dtype=dtype)


def _weights(name: str, values: ArrayLike) -> NDArray[np.floating]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: must have one dimension, not {array.ndim}")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: must be numbers, not {array.dtype}")
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    array = np.ascontiguousarray(array, dtype=dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: has NaN or infinite values")
    if array.size and array.min() < 0:
        raise ValueError(f"{name}: has negative values")
    return array


def _check_range(name: str, nodes: NDArray[np.integer], node_count: int) -> None:
    if nodes.size and (nodes.min() < 0 or nodes.max() >= node_count):
        raise ValueError(f"{name}: node ids out of range, they must be in 0 to {node_count - 1}")
