"""Random walks on weighted graphs: DeepWalk and node2vec, sampled exactly.

The walk is that of node2vec (Grover and Leskovec 2016, section 3.2.2): after a step from ``t``
to ``v`` the next node ``x`` is drawn with probability proportional to ``weight(v, x)`` times

- ``1 / p`` if ``x`` is ``t``, else
- ``1`` if the edge ``t -> x`` exists (distance 1 from ``t``), else
- ``1 / q``.

``p = q = 1`` is DeepWalk (Perozzi et al. 2014) on weighted edges.

How a step is drawn in expected O(1) for any degree:

- *Candidates* come from an alias table (Vose 1991), 8 bytes a slot: both outcomes and the
  leading bits of the threshold share one 64-bit word, hence one cache line. The threshold's next 32
  bits are stored separately and read only when the draw equals the leading bits.
- *Rejection* accepts a candidate with its bias over the largest bias. The return edge is folded
  out of that largest bias when ``1 / p`` leads (Yang et al. 2019, KnightKing, section 4.2),
  bounded by the node's largest transition probability. Adjacency to ``t`` is tested only
  when the draw depends on it.
- *Adjacency* is a bitset for hubs and a hash set at half load for other nodes, each inside the
  same 8 bytes an edge, found from the row's offset without further lookups.
- *Exact fallback*: after a number of rejections that grows with the degree, the step's full
distribution is computed, so every walk terminates.
- *Latency*: each thread interleaves many walks and prefetches each one's next read.

Every draw is a hash (the splitmix64 finaliser, Steele et al. 2014) of seed, start node, walk
number, step and attempt: walks do not depend on threads, batches or order.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from longtail.kernels._walk_steps import (
    LARGEST,
    Tables,
    fill_alias_slots,
    fill_fold,
    fill_members,
    first_order_walks,
    second_order_walks,
    walk_keys,
)
from longtail.kernels.graph import Graph
from longtail.kernels.progress import track

WALK_SCHEMA = pa.schema(
    [pa.field("walk_id", pa.int64()), pa.field("node_ids", pa.list_(pa.int32()))]
)

_WALKS_PER_TASK = 2048


def sample_walks(
    graph: Graph,
    *,
    walks_per_node: int = 10,
    walk_length: int = 50,
    p: float = 1.0,
    q: float = 1.0,
    seed: int = 0,
    threads: int | None = None,
    batch_size: int = 65_536,
    progress: bool = False,
) -> Iterator[NDArray[np.int32]]:
    """Sample random walks from every node that has an outgoing edge.

    The walks of pass 0 come first, one from each start node in a pseudo-random order given by
    the seed, then those of pass 1 in another order, and so on. A walk is a function of (seed,
    start node, pass): threads and batch size change nothing.

    Parameters
    ----------
    graph
        Directed or undirected, n nodes and m directed edges.
    walks_per_node
        Number of passes, at least 1.
    walk_length
        Nodes in a walk, the start included, at least 1.
    p
        Return parameter, above 0: the bias of stepping back is ``1 / p``.
    q
        In-out parameter, above 0: the bias of a step to a node without an edge from the
        previous node is ``1 / q``.
    seed
        Any integer; taken modulo 2**64.
    threads
        Threads to use, at least 1; None: all processors available to this process.
    batch_size
        Walks in a batch, at least 1.
    progress
        Whether to report progress (`longtail.kernels.progress.track`).

    Returns
    -------
    iterator of int32 arrays, shape (batch, walk_length)
        Node ids. A walk ends at a node without outgoing edges (a sink); the rest of its row is -1.
        The last batch may be shorter.

    Raises
    ------
    ValueError
        If an argument is out of range; the message starts with its name. Raised by the call itself,
        before the first batch.

    Notes
    -----
    Nodes without outgoing edges start no walk: a walk of one node has no context, so Word2Vec
    would give it a vector without meaning. The number of walks is therefore
    ``walks_per_node * count_start_nodes(graph)``.

    Expected O(1) per step; O(m) preparation. Memory beside the graph: 12 bytes a directed edge,
    20 if ``q != 1``, about 60 a node, and two batches. Probabilities are exact within float64
    rounding of the alias construction.

    References
    ----------
    Grover and Leskovec 2016, "node2vec: Scalable Feature Learning for Networks", section 3.2.2.
    Perozzi et al. 2014, "DeepWalk: Online Learning of Social Representations".
    """
    for name, value in (
        ("walks_per_node", walks_per_node),
        ("walk_length", walk_length),
        ("batch_size", batch_size),
    ):
        if value < 1:
            raise ValueError(f"{name}: {value} is below 1")
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if threads < 1:
        raise ValueError(f"threads: {threads} is below 1")
    for name, value in (("p", p), ("q", q)):
        if not (value > 0 and np.isfinite(value) and np.isfinite(1 / value)):
            raise ValueError(f"{name}: {value} is not a positive finite number")
    batches = _batches(graph, walks_per_node, walk_length, p, q, seed % 2**64, threads, batch_size)
    if progress:
        walk_count = walks_per_node * count_start_nodes(graph)
        return track(batches, total=-(-walk_count // batch_size), label="walk batches")
    return batches


def walks_to_arrow(
    graph: Graph,
    *,
    walks_per_node: int = 10,
    walk_length: int = 50,
    p: float = 1.0,
    q: float = 1.0,
    seed: int = 0,
    threads: int | None = None,
    batch_size: int = 65_536,
    progress: bool = False,
) -> pa.RecordBatchReader:
    """Sample random walks as a stream of Arrow record batches.

    Parameters
    ----------
    graph, walks_per_node, walk_length, p, q, seed, threads, batch_size, progress
        As in `sample_walks`.

    Returns
    -------
    pyarrow.RecordBatchReader
        One row per walk: ``walk_id`` int64, its position from 0; ``node_ids`` list<int32>, the
        nodes without padding. Can be read once.

    Raises
    ------
    ValueError
        As `sample_walks`, and if a batch has 2**31 nodes or more.

    Notes
    -----
    Zero-copy unless a walk of the batch ended in a sink.
    """
    if batch_size * walk_length >= 2**31:
        raise ValueError(f"batch_size: {batch_size} walks of {walk_length} nodes exceed 2**31")
    batches = sample_walks(
        graph,
        walks_per_node=walks_per_node,
        walk_length=walk_length,
        p=p,
        q=q,
        seed=seed,
        threads=threads,
        batch_size=batch_size,
        progress=progress,
    )
    return pa.RecordBatchReader.from_batches(WALK_SCHEMA, _record_batches(batches))


def count_start_nodes(graph: Graph) -> int:
    """Count the nodes that start walks: those with an outgoing edge.

    Parameters
    ----------
    graph
        Directed or undirected.

    Returns
    -------
    int
        Between 1 and ``graph.node_count``. O(n).
    """
    return int(np.count_nonzero(np.diff(graph.indptr)))


def _batches(
    graph: Graph,
    walks_per_node: int,
    walk_length: int,
    p: float,
    q: float,
    seed: int,
    threads: int,
    batch_size: int,
) -> Iterator[NDArray[np.int32]]:
    # Own threads around kernels that release the GIL, not numba's prange: its fallback threading
    # layer aborts the process when two models sample at once, and it cannot use more threads than
    # the process started with.
    with ThreadPoolExecutor(threads) as pool:
        tables = _build_tables(graph, p, q, pool, threads)
        fill = _choose_kernel(tables, p, q)

        def launch(
            starts: NDArray[np.int32], keys: NDArray[np.uint64]
        ) -> tuple[NDArray[np.int32], list[Future[None]]]:
            walks = np.empty((starts.size, walk_length), dtype=np.int32)
            parts = _slices(starts.size, _WALKS_PER_TASK)
            return walks, [pool.submit(fill, starts[i], keys[i], walks[i]) for i in parts]

        # Sample the next batch while the caller processes this one.
        launched = None
        for starts, keys in _starts(graph, walks_per_node, seed, batch_size):
            finished, launched = launched, launch(starts, keys)
            if finished is not None:
                yield _wait(*finished)
        yield _wait(*launched)


def _wait(walks: NDArray[np.int32], tasks: list[Future[None]]) -> NDArray[np.int32]:
    for task in tasks:
        task.result()
    return walks


def _record_batches(batches: Iterator[NDArray[np.int32]]) -> Iterator[pa.RecordBatch]:
    first_id = 0
    for walks in batches:
        count, length = walks.shape
        offsets = np.arange(0, count * length + 1, length, dtype=np.int32)
        nodes = walks.reshape(-1)
        if walks[:, -1].min() < 0:
            visited = walks >= 0
            np.cumsum(visited.sum(axis=1), out=offsets[1:])
            nodes = walks[visited]
        walk_ids = np.arange(first_id, first_id + count, dtype=np.int64)
        node_ids = pa.ListArray.from_arrays(pa.array(offsets), pa.array(nodes))
        yield pa.record_batch([pa.array(walk_ids), node_ids], schema=WALK_SCHEMA)
        first_id += count


def _slices(total: int, size: int) -> list[slice]:
    return [slice(first, min(first + size, total)) for first in range(0, total, size)]


def _starts(
    graph: Graph, walks_per_node: int, seed: int, batch_size: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.uint64]]]:
    """Yield start node and key of each walk, a batch at a time."""
    nodes = np.flatnonzero(np.diff(graph.indptr)).astype(np.int32)
    starts, keys = nodes[:0], np.empty(0, dtype=np.uint64)
    for number in range(walks_per_node):
        pass_keys = walk_keys(nodes, np.uint64(seed), np.uint64(number))
        # The order uses a separate hash: sorting by the keys would correlate order and draws.
        order = np.argsort(walk_keys(nodes, np.uint64(seed) ^ LARGEST, np.uint64(number)))
        starts = np.concatenate((starts, nodes[order]))
        keys = np.concatenate((keys, pass_keys[order]))
        full = starts.size - starts.size % batch_size
        for part in _slices(full, batch_size):
            yield starts[part], keys[part]
        starts, keys = starts[full:], keys[full:]
    if starts.size:
        yield starts, keys


def _build_tables(
    graph: Graph, p: float, q: float, pool: ThreadPoolExecutor, threads: int
) -> Tables:
    node_count, edge_count = graph.node_count, graph.edge_count
    id_bits = max(1, (node_count - 1).bit_length())
    largest_bias = max(1.0, 1.0 / q)
    folded_bias = max(0.0, 1.0 / p - largest_bias)
    fold_size = node_count if folded_bias > 0 else 1
    offset_type = np.uint32 if edge_count < 2**32 else np.int64
    tables = Tables(
        offsets=np.append(graph.indptr, edge_count).astype(offset_type),
        slots=np.zeros(edge_count + 1, dtype=np.uint64),
        threshold_tails=np.zeros(edge_count + 1, dtype=np.uint32),
        members=np.zeros(1 if q == 1.0 else 2 * edge_count + 3 * node_count, dtype=np.uint32),
        row_totals=np.zeros(fold_size, dtype=np.float64),
        normal_share=np.ones(fold_size, dtype=np.float32),
        indices=graph.indices,
        weights=graph.weights,
        id_bits=np.uint64(id_bits),
    )

    def build(first: int, last: int) -> None:
        fill_alias_slots(
            first,
            last,
            graph.indptr,
            graph.indices,
            graph.weights,
            tables.id_bits,
            tables.slots,
            tables.threshold_tails,
        )
        if q != 1.0:
            fill_members(first, last, graph.indptr, graph.indices, tables.members)
        if folded_bias > 0:
            fill_fold(
                first,
                last,
                graph.indptr,
                graph.weights,
                largest_bias,
                folded_bias,
                tables.row_totals,
                tables.normal_share,
            )

    # Parts of about equal work: a node counts like an edge.
    work = graph.indptr + np.arange(node_count + 1)
    cuts = np.searchsorted(work, np.linspace(0, work[-1], 8 * threads + 1))
    for task in [pool.submit(build, int(first), int(last)) for first, last in pairwise(cuts)]:
        task.result()
    return tables


def _choose_kernel(
    tables: Tables, p: float, q: float
) -> Callable[[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int32]], None]:
    def first_order(starts, keys, walks):
        first_order_walks(
            starts,
            keys,
            tables.offsets,
            tables.slots,
            tables.threshold_tails,
            tables.id_bits,
            walks,
        )

    def second_order(starts, keys, walks):
        second_order_walks(starts, keys, tables, 1.0 / p, 1.0 / q, walks)

    return first_order if p == 1.0 and q == 1.0 else second_order
