"""Random walks on weighted graphs: DeepWalk and node2vec, sampled exactly.

The walk is that of node2vec (Grover and Leskovec 2016, section 3.2.2): after a step from ``t``
to ``v`` the next node ``x`` is drawn with probability proportional to ``weight(v, x)`` times

- ``1 / p`` if ``x`` is ``t``, else
- ``1`` if the edge ``t -> x`` exists (distance 1 from ``t``), else
- ``1 / q``.

``p = q = 1`` is DeepWalk (Perozzi et al. 2014) on weighted edges.

How a step is drawn in expected O(1), whatever the degrees:

- *Candidates* come from an alias table (Vose 1991), 8 bytes a slot: both outcomes and the
  leading bits of the threshold share one 64-bit word, hence one cache line. The threshold's next
  32 bits lie apart and are read only when the draw equals the leading bits.
- *Rejection* accepts a candidate with its bias over the largest bias. The return edge is folded
  out of that largest bias when ``1 / p`` leads (Yang et al. 2019, KnightKing, section 4.2),
  bounded by the node's largest transition probability. Adjacency to ``t`` is tested only
  when the draw depends on it.
- *Adjacency* is a bitset for hubs and a hash set at half load for other nodes, each inside the
  same 8 bytes an edge, found from the row's offset without further lookups.
- *Exact fallback*: after a number of rejections that grows with the degree, the step's whole
  distribution is computed, so no walk runs for ever.
- *Latency*: each thread advances many walks in turn and prefetches what each reads next.

Every draw is a hash (the splitmix64 finaliser, Steele et al. 2014) of seed, start node, walk
number, step and attempt: walks do not depend on threads, batches or order.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from longtail.graph import Graph
from longtail.progress import track

WALK_SCHEMA = pa.schema(
    [pa.field("walk_id", pa.int64()), pa.field("node_ids", pa.list_(pa.int32()))]
)

_WORD = np.uint64(0xFFFFFFFF)
_LARGEST = np.uint64(0xFFFFFFFFFFFFFFFF)
_ABSENT = np.uint32(0xFFFFFFFF)
# Odd constants of the draw counter: one stride for steps, one for the draws inside a step.
_STEP_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_DRAW_STRIDE = np.uint64(0xD1342543DE82EF95)
_DRAWS_PER_ATTEMPT = np.uint64(4)
# Walks that one thread advances in turn; measured, see benchmarks/walks.
_FIRST_ORDER_LANES = 64
_SECOND_ORDER_LANES = 32
_WALKS_PER_TASK = 2048
# Words of a hash set repeated behind its end.
_WRAPPED = np.uint64(3)
# A walk in progress. `position` is read in the slots, then in the adjacency sets.
_WALKER = np.dtype(
    [
        ("key", np.uint64),
        ("counter", np.uint64),
        ("fraction", np.uint64),
        ("position", np.uint64),
        ("target", np.uint64),
        ("node", np.uint64),
        ("first", np.uint64),
        ("degree", np.uint64),
        ("previous", np.uint64),
        ("previous_base", np.uint64),
        ("previous_degree", np.uint64),
        ("row", np.int64),
        ("step", np.int64),
        ("attempt", np.int64),
        ("share", np.float64),
    ],
    align=True,
)


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
        Threads to use, at least 1; None: the processors this process may run on.
    batch_size
        Walks in a batch, at least 1.
    progress
        Whether to report progress (`longtail.progress.track`).

    Returns
    -------
    iterator of int32 arrays, shape (batch, walk_length)
        Node ids. A walk that reaches a node without outgoing edges (a sink) ends there, the rest
        of its row is -1. The last batch may be shorter.

    Raises
    ------
    ValueError
        If an argument is out of its range; the message starts with its name. Raised by the
        call, before the first batch is asked for.

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
    Nothing is copied unless a walk of the batch ended in a sink.
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


@dataclass(frozen=True, eq=False)
class _Tables:
    """What the kernels read, beside the graph itself.

    offsets: (n + 2,) first edge of each node; uint32 when that suffices. Node n is a dummy
    without edges in which ended walks rest.
    slots: (m + 1,) uint64, the alias table: own target, alias target, threshold.
    threshold_tails: (m + 1,) uint32, the next 32 bits of each threshold.
    members: (2 m + 3 n,) uint32, adjacency sets; (1,) when no step asks.
    row_totals: (n,) float64, sum of a row's weights; (1,) when nothing is folded.
    normal_share: (n,) float32, share of the rejection envelope outside the folded return edge;
    (1,) when nothing is folded.
    """

    offsets: NDArray[np.unsignedinteger]
    slots: NDArray[np.uint64]
    threshold_tails: NDArray[np.uint32]
    members: NDArray[np.uint32]
    row_totals: NDArray[np.float64]
    normal_share: NDArray[np.float32]
    id_bits: int


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
    # Threads of our own around kernels that release the GIL, not numba's prange: its fallback
    # threading layer aborts the process when two models sample at once, and it cannot use more
    # threads than the process was started with.
    with ThreadPoolExecutor(threads) as pool:
        tables = _build_tables(graph, p, q, pool, threads)
        fill = _choose_kernel(graph, tables, p, q)

        def launch(
            starts: NDArray[np.int32], keys: NDArray[np.uint64]
        ) -> tuple[NDArray[np.int32], list[Future[None]]]:
            walks = np.empty((starts.size, walk_length), dtype=np.int32)
            parts = _slices(starts.size, _WALKS_PER_TASK)
            return walks, [pool.submit(fill, starts[i], keys[i], walks[i]) for i in parts]

        # The next batch is sampled while the caller works on this one.
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
        pass_keys = _walk_keys(nodes, np.uint64(seed), np.uint64(number))
        # The order needs a hash of its own: sorting by the keys would tie order to draws.
        order = np.argsort(_walk_keys(nodes, np.uint64(seed) ^ _LARGEST, np.uint64(number)))
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
) -> _Tables:
    node_count, edge_count = graph.node_count, graph.edge_count
    id_bits = max(1, (node_count - 1).bit_length())
    largest_bias = max(1.0, 1.0 / q)
    folded_bias = max(0.0, 1.0 / p - largest_bias)
    fold_size = node_count if folded_bias > 0 else 1
    offset_type = np.uint32 if edge_count < 2**32 else np.int64
    tables = _Tables(
        offsets=np.append(graph.indptr, edge_count).astype(offset_type),
        slots=np.zeros(edge_count + 1, dtype=np.uint64),
        threshold_tails=np.zeros(edge_count + 1, dtype=np.uint32),
        members=np.zeros(1 if q == 1.0 else 2 * edge_count + 3 * node_count, dtype=np.uint32),
        row_totals=np.zeros(fold_size, dtype=np.float64),
        normal_share=np.ones(fold_size, dtype=np.float32),
        id_bits=id_bits,
    )

    def build(first: int, last: int) -> None:
        _fill_alias_slots(
            first,
            last,
            graph.indptr,
            graph.indices,
            graph.weights,
            np.uint64(id_bits),
            tables.slots,
            tables.threshold_tails,
        )
        if q != 1.0:
            _fill_members(first, last, graph.indptr, graph.indices, tables.members)
        if folded_bias > 0:
            _fill_fold(
                first,
                last,
                graph.indptr,
                graph.weights,
                largest_bias,
                folded_bias,
                tables.row_totals,
                tables.normal_share,
            )

    # Parts of about equal work: a node counts as much as an edge.
    work = graph.indptr + np.arange(node_count + 1)
    cuts = np.searchsorted(work, np.linspace(0, work[-1], 8 * threads + 1))
    for task in [pool.submit(build, int(first), int(last)) for first, last in pairwise(cuts)]:
        task.result()
    return tables


def _choose_kernel(
    graph: Graph, tables: _Tables, p: float, q: float
) -> Callable[[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int32]], None]:
    id_bits = np.uint64(tables.id_bits)

    def first_order(starts, keys, walks):
        _first_order_walks(
            starts, keys, tables.offsets, tables.slots, tables.threshold_tails, id_bits, walks
        )

    def second_order(starts, keys, walks):
        _second_order_walks(
            starts,
            keys,
            tables.offsets,
            tables.slots,
            tables.threshold_tails,
            id_bits,
            tables.members,
            tables.row_totals,
            tables.normal_share,
            graph.indices,
            graph.weights,
            1.0 / p,
            1.0 / q,
            walks,
        )

    return first_order if p == 1.0 and q == 1.0 else second_order


@intrinsic
def _prefetch(typingctx, array, index):
    """Ask the processor to fetch ``array[index]`` without waiting for it."""
    signature = types.void(array, index)

    def codegen(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(view.data, [arguments[1]])
        byte_pointer = ir.IntType(8).as_pointer()
        word = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte_pointer, word, word, word]),
            "llvm.prefetch.p0",
        )
        # read (0), keep in all cache levels (3), data (1)
        hints = [ir.Constant(word, 0), ir.Constant(word, 3), ir.Constant(word, 1)]
        builder.call(function, [builder.bitcast(pointer, byte_pointer), *hints])
        return context.get_dummy_value()

    return signature, codegen


@njit(cache=True, nogil=True)
def _mix(counter):
    """Hash 64 bits: the finaliser of splitmix64, a bijection."""
    counter = (counter ^ (counter >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    counter = (counter ^ (counter >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return counter ^ (counter >> np.uint64(31))


@njit(cache=True, nogil=True)
def _unit(draw):
    """Map 64 random bits to a float64 in [0, 1)."""
    return np.float64(draw >> np.uint64(11)) * 2.0**-53


@njit(cache=True, nogil=True)
def _walk_keys(nodes, seed, number):
    """Hash seed, start node and walk number to the key of each walk's draws."""
    keys = np.empty(nodes.size, dtype=np.uint64)
    pass_key = _mix(_mix(seed + _STEP_STRIDE) + number * _DRAW_STRIDE)
    for i in range(nodes.size):
        keys[i] = _mix(pass_key + np.uint64(nodes[i]) * _STEP_STRIDE)
    return keys


@njit(cache=True, nogil=True)
def _split_draw(draw, degree):
    """Split 64 random bits into a slot below `degree` and 64 bits of fraction.

    The product draw * degree in 128 bits: its upper word is the slot, its lower the fraction.
    """
    low = (draw & _WORD) * degree
    high = (draw >> np.uint64(32)) * degree + (low >> np.uint64(32))
    return high >> np.uint64(32), (high << np.uint64(32)) | (low & _WORD)


@njit(cache=True, nogil=True)
def _threshold_bits(id_bits):
    """Bits of the threshold kept in a slot: what two node ids leave, at most 32."""
    return min(np.uint64(32), np.uint64(64) - np.uint64(2) * id_bits)


@njit(cache=True, nogil=True)
def _read_slot(slots, threshold_tails, position, fraction, id_bits):
    """Target drawn from a slot: its own below the threshold, else its alias."""
    threshold_bits = _threshold_bits(id_bits)
    slot = slots[position]
    threshold = slot >> (id_bits + id_bits)
    leading = fraction >> (np.uint64(64) - threshold_bits)
    takes_alias = leading >= threshold
    if leading == threshold:
        tail = (fraction >> (np.uint64(32) - threshold_bits)) & _WORD
        takes_alias = tail >= np.uint64(threshold_tails[position])
    shift = id_bits if takes_alias else np.uint64(0)
    return (slot >> shift) & ((np.uint64(1) << id_bits) - np.uint64(1))


@njit(cache=True, nogil=True)
def _fill_alias_slots(
    first_node, last_node, indptr, indices, weights, id_bits, slots, threshold_tails
):
    """Build the alias tables of some nodes (Vose 1991); O(edges)."""
    largest_degree = 0
    for node in range(first_node, last_node):
        largest_degree = max(largest_degree, indptr[node + 1] - indptr[node])
    share = np.empty(largest_degree, dtype=np.float64)
    # Light slots grow from the left end, heavy ones from the right.
    stack = np.empty(largest_degree, dtype=np.int32)
    threshold_bits = _threshold_bits(id_bits)
    for node in range(first_node, last_node):
        first = indptr[node]
        degree = indptr[node + 1] - first
        total = 0.0
        for i in range(degree):
            total += np.float64(weights[first + i])
        light_count = 0
        heavy_top = degree
        for i in range(degree):
            share[i] = np.float64(weights[first + i]) / total * degree
            if share[i] < 1.0:
                stack[light_count] = i
                light_count += 1
            else:
                heavy_top -= 1
                stack[heavy_top] = i
        while light_count > 0:
            light_count -= 1
            light = stack[light_count]
            own = np.uint64(indices[first + light])
            if heavy_top == degree:  # only rounding leaves a light slot without a heavy one
                slots[first + light] = own | (own << id_bits)
                continue
            heavy = stack[heavy_top]
            alias = np.uint64(indices[first + heavy])
            upper = share[light] * 4294967296.0
            upper_word = np.uint64(upper)
            lower_word = np.uint64((upper - np.float64(upper_word)) * 4294967296.0)
            bits = (upper_word << np.uint64(32)) | lower_word
            slots[first + light] = (
                own
                | (alias << id_bits)
                | ((bits >> (np.uint64(64) - threshold_bits)) << (id_bits + id_bits))
            )
            threshold_tails[first + light] = np.uint32(
                (bits >> (np.uint64(32) - threshold_bits)) & _WORD
            )
            share[heavy] -= 1.0 - share[light]
            if share[heavy] < 1.0:
                heavy_top += 1
                stack[light_count] = heavy
                light_count += 1
        for i in range(heavy_top, degree):
            own = np.uint64(indices[first + stack[i]])
            slots[first + stack[i]] = own | (own << id_bits)


@njit(cache=True, nogil=True)
def _is_bitset(node_count, degree):
    """Whether a bit for each node fits into the two words for each edge."""
    return node_count + np.uint64(31) >> np.uint64(5) <= degree + degree


@njit(cache=True, nogil=True)
def _members_base(first, node):
    """Place of a node's adjacency set: two words an edge, and the wrapped words a node."""
    return first + first + node * _WRAPPED


@njit(cache=True, nogil=True)
def _first_probe(node, size):
    """Place in ``[0, size)`` where the search for a node starts: multiplicative hashing."""
    return (((node * np.uint64(0x9E3779B1)) & _WORD) * size) >> np.uint64(32)


@njit(cache=True, nogil=True)
def _fill_members(first_node, last_node, indptr, indices, members):
    """Build the adjacency sets of some nodes; O(edges) expected.

    A hash set is a ring of two words an edge with linear probing. Its first words are repeated
    behind its end, so that a window of four needs no wrapping.
    """
    node_count = np.uint64(indptr.size - 1)
    one = np.uint64(1)
    for node in range(first_node, last_node):
        first = np.uint64(indptr[node])
        degree = np.uint64(indptr[node + 1]) - first
        base = _members_base(first, np.uint64(node))
        size = degree + degree
        if _is_bitset(node_count, degree):
            for edge in range(indptr[node], indptr[node + 1]):
                target = np.uint64(indices[edge])
                bit = np.uint32(1) << np.uint32(target & np.uint64(31))
                members[base + (target >> np.uint64(5))] |= bit
            continue
        for place in range(np.int64(base), np.int64(base + size + _WRAPPED)):
            members[place] = _ABSENT
        for edge in range(indptr[node], indptr[node + 1]):
            place = _first_probe(np.uint64(indices[edge]), size)
            while members[base + place] != _ABSENT:
                place += one
                if place == size:
                    place = np.uint64(0)
            members[base + place] = np.uint32(indices[edge])
        if degree > 0:
            for place in range(np.int64(_WRAPPED)):
                source = np.int64(base) + place % np.int64(size)
                members[np.int64(base + size) + place] = members[source]


@njit(cache=True, nogil=True)
def _bitset_holds(members, base, target):
    word = np.uint64(members[base + (target >> np.uint64(5))])
    return (word >> (target & np.uint64(31))) & np.uint64(1) != np.uint64(0)


@njit(cache=True, nogil=True)
def _hash_set_holds(members, base, size, place, target):
    """Search from `place`, four words at a time, until the target or a free word is met."""
    wanted = np.uint32(target)
    while True:
        window = base + place
        word_0 = members[window]
        word_1 = members[window + np.uint64(1)]
        word_2 = members[window + np.uint64(2)]
        word_3 = members[window + np.uint64(3)]
        # | on purpose: four tests and one branch that is nearly always taken.
        is_found = (word_0 == wanted) | (word_1 == wanted) | (word_2 == wanted) | (word_3 == wanted)
        is_ended = (
            (word_0 == _ABSENT) | (word_1 == _ABSENT) | (word_2 == _ABSENT) | (word_3 == _ABSENT)
        )
        if is_found | is_ended:
            return is_found
        place += np.uint64(4)
        if place >= size:
            place -= size


@njit(cache=True, nogil=True)
def _has_edge(members, base, degree, node_count, target):
    """Whether the node whose adjacency set starts at `base` has an edge to `target`."""
    if _is_bitset(node_count, degree):
        return _bitset_holds(members, base, target)
    size = degree + degree
    return _hash_set_holds(members, base, size, _first_probe(target, size), target)


@njit(cache=True, nogil=True)
def _fill_fold(
    first_node, last_node, indptr, weights, largest_bias, folded_bias, row_totals, normal_share
):
    """Sum each row, and find its envelope's share outside the folded return edge.

    The envelope is `largest_bias` over all edges plus `folded_bias` over the return edge,
    whose transition probability is bounded by the node's largest.
    """
    for node in range(first_node, last_node):
        first = indptr[node]
        degree = indptr[node + 1] - first
        if degree == 0:
            continue
        total = 0.0
        largest = 0.0
        for edge in range(first, first + degree):
            total += np.float64(weights[edge])
            largest = max(largest, np.float64(weights[edge]))
        row_totals[node] = total
        bound = largest / total
        share = largest_bias / (largest_bias + folded_bias * bound)
        # 2**-22 is several float32 roundings; the acceptance uses the stored share, so a
        # looser bound costs draws, not exactness. The floor is the smallest normal float32.
        normal_share[node] = max(share * (1.0 - 2.0**-22), 1.2e-38)


@njit(cache=True, nogil=True)
def _find_edge(indices, first, last, guess, target):
    """Edge to `target` among the sorted `indices[first:last]`, or -1.

    Gallops from a guess inside the range: O(log distance).
    """
    low, high = guess, guess
    reach = 1
    while low > first and indices[low] > target:
        low = max(first, low - reach)
        reach += reach
    reach = 1
    while high < last and indices[high] < target:
        high = min(last, high + reach)
        reach += reach
    while low < high:
        middle = (low + high) >> 1
        if indices[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low if low < last and indices[low] == target else np.int64(-1)


@njit(cache=True, nogil=True)
def _exact_step(
    draw,
    previous,
    previous_base,
    previous_degree,
    first,
    degree,
    node_count,
    indices,
    weights,
    members,
    return_bias,
    outward_bias,
):
    """Draw a step from its whole distribution; O(degree)."""
    total = 0.0
    goal = np.inf
    chosen = np.uint64(indices[first])
    for is_second_round in (False, True):
        if is_second_round:
            goal = _unit(draw) * total
            total = 0.0
        for edge in range(np.int64(first), np.int64(first + degree)):
            target = np.uint64(indices[edge])
            bias = outward_bias
            if target == previous:
                bias = return_bias
            elif outward_bias != 1.0 and _has_edge(
                members, previous_base, previous_degree, node_count, target
            ):
                bias = 1.0
            mass = np.float64(weights[edge]) * bias
            total += mass
            if mass > 0.0:
                chosen = target
            if total > goal:
                return chosen
    return chosen


@njit(cache=True, nogil=True)
def _first_order_walks(starts, keys, offsets, slots, threshold_tails, id_bits, walks):
    """Fill `walks` (rows, length) with walks whose steps depend on the current node only."""
    row_count, length = walks.shape
    dummy = offsets.size - 2
    node = np.empty(_FIRST_ORDER_LANES, dtype=np.int64)
    position = np.empty(_FIRST_ORDER_LANES, dtype=np.int64)
    fraction = np.empty(_FIRST_ORDER_LANES, dtype=np.uint64)
    for first_row in range(0, row_count, _FIRST_ORDER_LANES):
        lanes = min(_FIRST_ORDER_LANES, row_count - first_row)
        for lane in range(lanes):
            node[lane] = starts[first_row + lane]
            walks[first_row + lane, 0] = starts[first_row + lane]
        for step in range(1, length):
            step_counter = np.uint64(step) * _STEP_STRIDE
            for lane in range(lanes):
                first = np.int64(offsets[node[lane]])
                degree = np.int64(offsets[node[lane] + 1]) - first
                draw = _mix(keys[first_row + lane] + step_counter)
                slot, fraction[lane] = _split_draw(draw, np.uint64(degree))
                position[lane] = first + np.int64(slot)
                _prefetch(slots, position[lane])
                if degree == 0:
                    node[lane] = dummy
            for lane in range(lanes):
                if node[lane] == dummy:
                    walks[first_row + lane, step] = -1
                    continue
                target = _read_slot(slots, threshold_tails, position[lane], fraction[lane], id_bits)
                _prefetch(offsets, target)
                node[lane] = target
                walks[first_row + lane, step] = target


@njit(cache=True, nogil=True)
def _threshold(share):
    """Round a probability to a threshold for 64 random bits."""
    return _LARGEST if share >= 1.0 else np.uint64(share * 18446744073709551616.0)


@njit(cache=True, nogil=True)
def _start_walk(walker, row, starts, keys, offsets, walks):
    """Place a walker on the first node of the walk of a row."""
    node = np.uint64(starts[row])
    walks[row, 0] = starts[row]
    walker.row = row
    walker.step = 1
    walker.attempt = 0
    walker.key = keys[row]
    walker.node = node
    walker.first = np.uint64(offsets[node])
    walker.degree = np.uint64(offsets[node + np.uint64(1)]) - walker.first
    walker.previous = _LARGEST
    walker.share = 2.0  # the first step knows no return edge: nothing is folded


@njit(cache=True, nogil=True)
def _second_order_walks(
    starts,
    keys,
    offsets,
    slots,
    threshold_tails,
    id_bits,
    members,
    row_totals,
    normal_share,
    indices,
    weights,
    return_bias,
    outward_bias,
    walks,
):
    """Fill `walks` (rows, length) with node2vec walks.

    Each round makes one attempt for every walker, in sweeps: what one sweep prefetches has
    arrived by the next. A sweep appends walkers to the lists of later sweeps by adding 0 or 1
    to the list's size, because a branch on a random outcome costs more than the work it saves.
    """
    row_count, length = walks.shape
    walks[:, 0] = starts
    if length == 1 or row_count == 0:
        return
    node_count = np.uint64(offsets.size - 2)
    largest_bias = max(1.0, outward_bias)
    folded_bias = max(0.0, return_bias - largest_bias)
    is_folded = folded_bias > 0.0
    return_threshold = _threshold(return_bias / largest_bias)
    sure_threshold = _threshold(min(1.0, outward_bias) / largest_bias)
    asks_adjacency = outward_bias != 1.0
    accepts_adjacent = outward_bias < 1.0

    walker_count = min(_SECOND_ORDER_LANES, row_count)
    walkers = np.zeros(walker_count, dtype=_WALKER)
    alive = np.arange(walker_count)
    accepted = np.empty(walker_count, dtype=np.int64)
    candidates = np.empty(walker_count, dtype=np.int64)
    returns = np.empty(walker_count, dtype=np.int64)
    asks_bitset = np.empty(walker_count, dtype=np.int64)
    asks_hash_set = np.empty(walker_count, dtype=np.int64)
    next_row = walker_count
    for i in range(walker_count):
        _start_walk(walkers[i], i, starts, keys, offsets, walks)

    while alive.size > 0:
        accepted_count = 0
        candidate_count = 0
        return_count = 0
        for i in alive:
            walker = walkers[i]
            walker.counter = (
                walker.key
                + np.uint64(walker.step) * _STEP_STRIDE
                + np.uint64(walker.attempt) * (_DRAWS_PER_ATTEMPT * _DRAW_STRIDE)
            )
            if walker.attempt >= 16 + (np.int64(walker.degree) >> 2):
                walker.target = _exact_step(
                    _mix(walker.counter + np.uint64(3) * _DRAW_STRIDE),
                    walker.previous,
                    walker.previous_base,
                    walker.previous_degree,
                    walker.first,
                    walker.degree,
                    node_count,
                    indices,
                    weights,
                    members,
                    return_bias,
                    outward_bias,
                )
                accepted[accepted_count] = i
                accepted_count += 1
                continue
            walker.attempt += 1
            if is_folded:
                zone = _mix(walker.counter + np.uint64(2) * _DRAW_STRIDE)
                if _unit(zone) >= walker.share:
                    # Where the return edge lies if a row's targets are spread evenly.
                    guess = walker.previous * walker.degree // node_count
                    walker.position = walker.first + guess
                    _prefetch(indices, walker.position)
                    _prefetch(weights, walker.position)
                    walker.target = walker.previous
                    returns[return_count] = i
                    return_count += 1
                    continue
            slot, fraction = _split_draw(_mix(walker.counter), walker.degree)
            walker.fraction = fraction
            walker.position = walker.first + slot
            _prefetch(slots, walker.position)
            candidates[candidate_count] = i
            candidate_count += 1

        bitset_count = 0
        hash_set_count = 0
        for i in candidates[:candidate_count]:
            walker = walkers[i]
            target = _read_slot(slots, threshold_tails, walker.position, walker.fraction, id_bits)
            walker.target = target
            draw = _mix(walker.counter + _DRAW_STRIDE)
            _prefetch(offsets, target)
            is_return = target == walker.previous
            threshold = return_threshold if is_return else sure_threshold
            is_sure = (draw < threshold) | (walker.step == 1)
            accepted[accepted_count] = i
            accepted_count += is_sure
            if asks_adjacency:
                is_asked = not (is_sure | is_return)
                is_bitset = _is_bitset(node_count, walker.previous_degree)
                asks_bitset[bitset_count] = i
                bitset_count += is_asked & is_bitset
                asks_hash_set[hash_set_count] = i
                hash_set_count += is_asked & (not is_bitset)

        for i in asks_bitset[:bitset_count]:
            walker = walkers[i]
            _prefetch(members, walker.previous_base + (walker.target >> np.uint64(5)))
        for i in asks_hash_set[:hash_set_count]:
            walker = walkers[i]
            size = walker.previous_degree + walker.previous_degree
            walker.position = _first_probe(walker.target, size)
            _prefetch(members, walker.previous_base + walker.position)
        for i in asks_bitset[:bitset_count]:
            walker = walkers[i]
            is_adjacent = _bitset_holds(members, walker.previous_base, walker.target)
            accepted[accepted_count] = i
            accepted_count += is_adjacent == accepts_adjacent
        for i in asks_hash_set[:hash_set_count]:
            walker = walkers[i]
            size = walker.previous_degree + walker.previous_degree
            is_adjacent = _hash_set_holds(
                members, walker.previous_base, size, walker.position, walker.target
            )
            accepted[accepted_count] = i
            accepted_count += is_adjacent == accepts_adjacent

        for i in returns[:return_count]:
            walker = walkers[i]
            edge = _find_edge(
                indices,
                np.int64(walker.first),
                np.int64(walker.first + walker.degree),
                np.int64(walker.position),
                np.int64(walker.target),
            )
            if edge >= 0:
                probability = np.float64(weights[edge]) / row_totals[walker.node]
                drawn_mass = largest_bias * (1.0 - walker.share) / walker.share
                draw = _unit(_mix(walker.counter + _DRAW_STRIDE))
                accepted[accepted_count] = i
                accepted_count += draw * drawn_mass < probability * folded_bias

        ended_count = 0
        for i in accepted[:accepted_count]:
            walker = walkers[i]
            target = walker.target
            walks[walker.row, walker.step] = target
            walker.previous = walker.node
            walker.previous_base = _members_base(walker.first, walker.node)
            walker.previous_degree = walker.degree
            walker.node = target
            walker.first = np.uint64(offsets[target])
            walker.degree = np.uint64(offsets[target + np.uint64(1)]) - walker.first
            walker.step += 1
            walker.attempt = 0
            if is_folded:
                walker.share = normal_share[target]
            if walker.step == length or walker.degree == np.uint64(0):
                walks[walker.row, walker.step :] = -1
                if next_row < row_count:
                    _start_walk(walker, next_row, starts, keys, offsets, walks)
                    next_row += 1
                else:
                    walker.row = -1
                    ended_count += 1
        if ended_count > 0:
            alive = np.array([i for i in alive if walkers[i].row >= 0], dtype=np.int64)
