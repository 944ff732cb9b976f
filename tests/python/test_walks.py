"""Walks: exact in distribution, the same on every machine, defined on awkward graphs."""

import logging

import csrgraph
import numpy as np
import pyarrow as pa
import pytest
from csrgraph.random_walks import _node2vec_walks
from numba import njit
from scipy import sparse, stats
from walked_graphs import directed_graph, hub_graph, scattered_graph, scattered_ids, weighted_graph

from longtail.kernels import _walk_steps
from longtail.kernels import walks as walks_module
from longtail.kernels.graph import Graph, graph_from_edges
from longtail.kernels.progress import track
from longtail.kernels.walks import count_start_nodes, sample_walks, walks_to_arrow

PARAMETERS = [
    pytest.param(1.0, 1.0, id="deepwalk"),
    pytest.param(0.5, 2.0, id="return and outward biased"),
    pytest.param(2.0, 0.5, id="outward leads"),
    pytest.param(0.25, 1.0, id="return only"),
    pytest.param(4.0, 1.0, id="no return"),
    pytest.param(1.0, 3.0, id="stay close"),
    pytest.param(0.25, 0.5, id="folded above outward"),
    pytest.param(0.01, 0.1, id="strong return"),
    pytest.param(1.0, 1e-3, id="exact fallback"),
]


GRAPHS = [weighted_graph, hub_graph, directed_graph, scattered_graph]


def dense(graph: Graph) -> np.ndarray:
    rows = np.repeat(np.arange(graph.node_count), np.diff(graph.indptr))
    matrix = np.zeros((graph.node_count, graph.node_count))
    matrix[rows, graph.indices] = graph.weights
    return matrix


def paper_probabilities(matrix: np.ndarray, p: float, q: float) -> np.ndarray:
    """Compute P[t, v, x] by the definition: alpha_pq(t, x) * w_vx, normalised."""
    adjacent = matrix > 0
    distance = np.where(adjacent, 1, 2)
    np.fill_diagonal(distance, 0)
    alpha = np.select([distance == 0, distance == 1], [1 / p, 1.0], 1 / q)
    mass = alpha[:, None, :] * matrix[None, :, :]
    return mass / mass.sum(axis=2, keepdims=True)


def stack(graph: Graph, **options) -> np.ndarray:
    return np.concatenate(list(sample_walks(graph, **options)))


def goodness_of_fit(observed: np.ndarray, probability: np.ndarray) -> float:
    """Return the chi-square p-value of rows of counts; bins expecting under 5 are pooled."""
    statistic, freedom = 0.0, 0
    for counts, shares in zip(observed, probability, strict=True):
        expected = counts.sum() * shares
        assert counts[shares == 0].sum() == 0, "a step of probability 0 was taken"
        large = expected >= 5
        bins = np.append(counts[large], counts[~large].sum())
        wanted = np.append(expected[large], expected[~large].sum())
        bins, wanted = bins[wanted >= 5], wanted[wanted >= 5]
        if bins.size > 1:
            statistic += ((bins - wanted) ** 2 / wanted).sum()
            freedom += bins.size - 1
    assert freedom > 0
    return float(stats.chi2.sf(statistic, freedom))


def pair_counts(walks: np.ndarray, node_count: int) -> np.ndarray:
    pairs = walks[:, 0] * node_count + walks[:, 1]
    return np.bincount(pairs, minlength=node_count**2).reshape(node_count, node_count)


def triple_counts(walks: np.ndarray, node_count: int) -> np.ndarray:
    walks = walks.astype(np.int64)
    codes = (walks[:, :-2] * node_count + walks[:, 1:-1]) * node_count + walks[:, 2:]
    return np.bincount(codes.ravel(), minlength=node_count**3).reshape(-1, node_count)


@pytest.mark.parametrize(("p", "q"), PARAMETERS)
@pytest.mark.parametrize("make_graph", GRAPHS)
def test_steps_have_the_frequencies_of_the_paper(make_graph, p, q):
    graph = make_graph()
    passes = 24_000 // count_start_nodes(graph)
    walks = stack(graph, walks_per_node=passes, walk_length=40, p=p, q=q, seed=11)
    assert (walks >= 0).all()
    if make_graph is scattered_graph:
        walks = np.searchsorted(scattered_ids(), walks)
        graph = weighted_graph()
    matrix = dense(graph)
    first_order = matrix / matrix.sum(axis=1, keepdims=True)
    node_count = graph.node_count
    assert goodness_of_fit(pair_counts(walks[:, :2], node_count), first_order) > 1e-3
    second_order = paper_probabilities(matrix, p, q).reshape(-1, node_count)
    assert goodness_of_fit(triple_counts(walks, node_count), second_order) > 1e-3


# csrgraph's own function without its threads, so that it can be seeded and compiles fast.
csrgraph_kernel = njit(_node2vec_walks.py_func)


@njit
def csrgraph_walks(seed, weights, indptr, indices, starts, length, return_weight, neighbor_weight):
    np.random.seed(seed)
    return csrgraph_kernel(weights, indptr, indices, starts, length, return_weight, neighbor_weight)


@pytest.mark.slow
@pytest.mark.parametrize(("p", "q"), [(0.5, 2.0), (2.0, 0.5)])
def test_agrees_with_csrgraph_when_its_parameters_are_mapped(p, q):
    # csrgraph scales by return_weight back, neighbor_weight to a common neighbour, 1 outward.
    graph = hub_graph()
    matrix = sparse.csr_matrix((graph.weights, graph.indices, graph.indptr))
    peer = csrgraph.csrgraph(matrix).normalize(return_self=False)
    starts = np.tile(np.arange(41), 2500)
    theirs = csrgraph_walks(7, peer.weights, peer.src, peer.dst, starts, 12, q / p, q)
    ours = stack(graph, walks_per_node=2500, walk_length=12, p=p, q=q, seed=2)
    table = [triple_counts(walks, 41).ravel() for walks in (ours, theirs.astype(np.int64))]
    table = np.stack(table)[:, np.sum(table, axis=0) >= 20]
    assert stats.chi2_contingency(table).pvalue > 1e-3


def power_law_graph(node_count: int = 3000, pairs: int = 40_000) -> Graph:
    random = np.random.default_rng(1)
    rank = (random.pareto(1.0, (2, pairs)) * 20).astype(np.int64) % node_count
    rank = rank[:, rank[0] != rank[1]]
    return graph_from_edges(*rank, random.random(rank.shape[1]), node_count=node_count)


def edge_flags(graph: Graph, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    rows = np.repeat(np.arange(graph.node_count), np.diff(graph.indptr))
    return np.isin(source * graph.node_count + target, rows * graph.node_count + graph.indices)


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (0.5, 2.0), (2.0, 0.5)])
@pytest.mark.parametrize("directed", [False, True])
def test_every_step_is_an_edge_and_only_sinks_end_walks(p, q, directed):
    graph = power_law_graph()
    if directed:
        rows = np.repeat(np.arange(graph.node_count), np.diff(graph.indptr))
        down = rows > graph.indices
        down |= np.random.default_rng(2).random(down.size) < 0.2
        graph = graph_from_edges(
            rows[down],
            graph.indices[down],
            graph.weights[down],
            node_count=graph.node_count,
            directed=True,
        )
    degree = np.diff(graph.indptr)
    walks = stack(graph, walks_per_node=3, walk_length=30, p=p, q=q, seed=4).astype(np.int64)
    source, target = walks[:, :-1], walks[:, 1:]
    stepped = target >= 0
    assert edge_flags(graph, source[stepped], target[stepped]).all()
    ended = ~stepped & (source >= 0)
    assert (degree[source[ended]] == 0).all()
    assert ended.any() == directed
    assert (np.diff((walks < 0).astype(np.int8), axis=1) >= 0).all(), "a walk went on after -1"


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (0.5, 2.0), (0.1, 0.5)])
def test_threads_and_batches_change_nothing(p, q):
    graph = power_law_graph()
    options = {"walks_per_node": 2, "walk_length": 15, "p": p, "q": q, "seed": 6}
    reference = stack(graph, threads=1, **options)
    for threads, batch_size in ((2, 65_536), (4, 1000), (1, 77), (3, 4999)):
        again = stack(graph, threads=threads, batch_size=batch_size, **options)
        np.testing.assert_array_equal(again, reference)


def test_a_walk_is_a_function_of_seed_start_and_pass():
    graph = power_law_graph()
    options = {"walk_length": 15, "p": 0.5, "q": 2.0}
    two_passes = stack(graph, walks_per_node=2, seed=6, **options)
    three_passes = stack(graph, walks_per_node=3, seed=6, **options)
    np.testing.assert_array_equal(three_passes[: len(two_passes)], two_passes)
    longer = stack(graph, walks_per_node=2, seed=6, **(options | {"walk_length": 20}))
    np.testing.assert_array_equal(longer[:, :15], two_passes)
    starts = count_start_nodes(graph)
    passes = [part[np.argsort(part[:, 0])] for part in np.split(three_passes, 3)]
    for first, second in ((0, 1), (1, 2), (0, 2)):
        assert (passes[first][:, 0] == passes[second][:, 0]).all()
        assert (passes[first] != passes[second]).any(axis=1).mean() > 0.9
    other_seed = stack(graph, walks_per_node=1, seed=7, **options)
    assert (other_seed[:, 0] != two_passes[:starts, 0]).mean() > 0.9
    other_walks = other_seed[np.argsort(other_seed[:, 0])]
    assert (other_walks != passes[0]).any(axis=1).mean() > 0.9


def test_each_pass_starts_once_at_every_node_in_an_order_of_its_own():
    graph = power_law_graph()
    nodes = np.flatnonzero(np.diff(graph.indptr))
    walks = stack(graph, walks_per_node=2, walk_length=1, seed=1)
    orders = walks.reshape(2, -1)
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), nodes)
        # A random permutation of k has a rank correlation of 0 +- 1/sqrt(k) with the identity.
        assert abs(stats.spearmanr(order, nodes).statistic) < 5 / np.sqrt(nodes.size)
    assert abs(stats.spearmanr(*orders).statistic) < 5 / np.sqrt(nodes.size)


def test_walks_do_not_change_between_machines_and_releases():
    walks = stack(weighted_graph(), walks_per_node=1, walk_length=8, p=0.5, q=2.0, seed=1)
    assert walks[:3].tolist() == [
        [2, 4, 2, 4, 2, 4, 2, 4],
        [11, 7, 9, 6, 4, 2, 4, 6],
        [5, 8, 5, 3, 5, 3, 5, 3],
    ]


def test_deepwalk_kernel_gives_the_walks_of_the_general_one():
    graph = power_law_graph()
    fast = stack(graph, walks_per_node=1, walk_length=20, seed=3)
    # p a hair off 1 selects the general kernel, whose first attempts are all accepted.
    general = stack(graph, walks_per_node=1, walk_length=20, seed=3, p=1 + 1e-15)
    np.testing.assert_array_equal(fast, general)


@pytest.mark.parametrize("p", [1.0, 0.5])
def test_isolated_nodes_start_no_walk_and_sinks_end_one(p):
    graph = graph_from_edges([1, 2], [2, 3], [1.0, 1.0], node_count=6, directed=True)
    walks = stack(graph, walks_per_node=2, walk_length=5, p=p)
    assert sorted(map(tuple, walks.tolist())) == [
        (1, 2, 3, -1, -1),
        (1, 2, 3, -1, -1),
        (2, 3, -1, -1, -1),
        (2, 3, -1, -1, -1),
    ]


def test_a_lone_self_loop_walks_in_place():
    graph = graph_from_edges([1], [1], [2.0], node_count=3)
    for p, q in ((1.0, 1.0), (0.5, 2.0), (2.0, 0.5)):
        assert stack(graph, walks_per_node=1, walk_length=4, p=p, q=q).tolist() == [[1] * 4]


def wide_hub(neighbours: int = 100_000) -> Graph:
    """Build a hub whose weights fall over 12 orders of magnitude, closed by a ring."""
    weight = np.logspace(0, -12, neighbours)
    spokes = np.arange(1, neighbours + 1)
    return graph_from_edges(
        np.concatenate((np.zeros(neighbours, dtype=int), spokes)),
        np.concatenate((spokes, np.roll(spokes, -1))),
        np.concatenate((weight, weight)),
        node_count=neighbours + 1,
    )


def test_alias_table_holds_each_probability_to_rounding():
    graph = wide_hub()
    with walks_module.ThreadPoolExecutor(1) as pool:
        tables = walks_module._build_tables(graph, 1.0, 1.0, pool, 1)
    bits = np.uint64(tables.id_bits)
    node_mask = np.uint64(2**tables.id_bits - 1)
    threshold_bits = min(32, 64 - 2 * tables.id_bits)
    slots = tables.slots[:100_000]
    own = (slots & node_mask).astype(np.int64)
    alias = ((slots >> bits) & node_mask).astype(np.int64)
    leading = (slots >> (bits + bits)).astype(np.float64)
    threshold = leading + tables.threshold_tails[:100_000] / 2.0**32
    threshold /= 2.0**threshold_bits
    np.testing.assert_array_equal(own, graph.indices[:100_000])
    held = np.bincount(own, threshold, minlength=100_001)
    held += np.bincount(alias, 1 - threshold, minlength=100_001)
    expected = graph.weights[:100_000] / graph.weights[:100_000].sum()
    # Light neighbours keep relative precision: 2**-60 of a slot is 1e-6 of the lightest.
    np.testing.assert_allclose(held[1:] / 100_000, expected, rtol=1e-5)


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (0.25, 1.0), (0.5, 2.0), (2.0, 0.5)])
def test_a_hub_of_100_000_neighbours_and_12_orders_of_weight(p, q):
    graph = wide_hub()
    walks = stack(graph, walks_per_node=1, walk_length=12, p=p, q=q, seed=9).astype(np.int64)
    previous, hub, target = walks[:, :-2], walks[:, 1:-1], walks[:, 2:]
    through_hub = hub == 0
    previous, target = previous[through_hub], target[through_hub]
    # Every neighbour of the hub is adjacent to two others: sum the rest by decade of weight.
    weight = graph.weights[:100_000]
    total = weight.sum()
    decade = np.minimum(np.arange(100_000) * 48 // 100_000, 47)
    share = np.bincount(decade, weight, minlength=48)
    left, right = (previous - 2) % 100_000, previous % 100_000
    back = weight[previous - 1]
    near = weight[left] + weight[right]
    norm = (total - back - near) / q + near + back / p
    expected = np.zeros(48)
    for nodes, extra in (
        (previous - 1, 1 / p - 1 / q),
        (left, 1 - 1 / q),
        (right, 1 - 1 / q),
    ):
        expected += np.bincount(decade[nodes], weight[nodes] * extra / norm, minlength=48)
    expected += share / q * (1 / norm).sum()
    observed = np.bincount(decade[target - 1], minlength=48)
    assert observed.sum() > 10_000
    assert goodness_of_fit(observed[None], expected[None] / expected.sum()) > 1e-3
    returns = (target == previous).sum()
    expected_returns = (back / p / norm).sum()
    assert abs(returns - expected_returns) < 5 * np.sqrt(expected_returns + 1)


@pytest.mark.parametrize("id_bits", [1, 5, 16, 24, 31])
def test_thresholds_split_between_slot_and_tail_keep_the_distribution(id_bits):
    # With 31-bit ids two bits of threshold stay in the slot, so the tail decides every 4th draw.
    node_count = min(2**id_bits, 7)
    weight = np.arange(1.0, node_count + 1) ** 2
    row = Graph(
        np.array([0] + [node_count] * node_count, dtype=np.int64),
        np.arange(node_count, dtype=np.int32),
        weight,
    )
    slots = np.zeros(node_count + 1, dtype=np.uint64)
    tails = np.zeros(node_count + 1, dtype=np.uint32)
    bits = np.uint64(id_bits)
    _walk_steps.fill_alias_slots(0, 1, row.indptr, row.indices, row.weights, bits, slots, tails)
    offsets = np.append(row.indptr, node_count).astype(np.uint32)
    starts = np.zeros(200_000, dtype=np.int32)
    keys = np.random.default_rng(0).integers(0, 2**64, starts.size, dtype=np.uint64)
    walks = np.empty((starts.size, 2), dtype=np.int32)
    _walk_steps.first_order_walks(starts, keys, offsets, slots, tails, bits, walks)
    observed = np.bincount(walks[:, 1], minlength=node_count)
    assert goodness_of_fit(observed[None], weight[None] / weight.sum()) > 1e-3


def test_adjacency_sets_hold_the_edges_and_nothing_else():
    # Rows of 1 to 60 edges are hash sets in a graph of 5,000 nodes, the hub is a bitset.
    random = np.random.default_rng(6)
    degrees = np.append(np.tile(np.arange(1, 61), 8), 400)
    rows = [np.sort(random.choice(5000, degree, replace=False)) for degree in degrees]
    indptr = np.full(5001, degrees.sum(), dtype=np.int64)
    indptr[: degrees.size + 1] = np.append(0, np.cumsum(degrees))
    graph = Graph(indptr, np.concatenate(rows).astype(np.int32), np.ones(degrees.sum()))
    with walks_module.ThreadPoolExecutor(2) as pool:
        members = walks_module._build_tables(graph, 1.0, 2.0, pool, 2).members
    to_uint = np.uint64
    for node, row in enumerate(rows):
        first = to_uint(indptr[node])
        base = _walk_steps._members_base(first, to_uint(node))
        strangers = np.setdiff1d(random.integers(0, 5000, 40), row)
        for targets, truth in ((row, True), (strangers, False)):
            for target in targets:
                held = _walk_steps._has_edge(
                    members, base, to_uint(row.size), to_uint(5000), to_uint(target)
                )
                assert held == truth, (node, target)


def test_arrow_batches_hold_the_walks_without_padding():
    graph = graph_from_edges(
        [0, 1, 2, 2, 3], [1, 2, 3, 0, 4], [1, 1, 1, 1, 1], node_count=6, directed=True
    )
    options = {"walks_per_node": 5, "walk_length": 6, "seed": 5, "batch_size": 7}
    reader = walks_to_arrow(graph, **options)
    assert reader.schema == pa.schema([("walk_id", pa.int64()), ("node_ids", pa.list_(pa.int32()))])
    table = reader.read_all()
    table.validate(full=True)
    walks = stack(graph, **options)
    assert table["walk_id"].to_pylist() == list(range(20))
    assert table["node_ids"].to_pylist() == [[v for v in walk if v >= 0] for walk in walks.tolist()]
    assert len({len(walk) for walk in table["node_ids"].to_pylist()}) > 1


def test_arrow_batches_are_bounded_and_whole_walks_are_not_copied():
    graph = power_law_graph()
    reader = walks_to_arrow(graph, walks_per_node=1, walk_length=10, batch_size=1000)
    sizes = [batch.num_rows for batch in reader]
    assert sum(sizes) == count_start_nodes(graph)
    assert set(sizes[:-1]) == {1000}


@pytest.mark.parametrize("sample", [sample_walks, walks_to_arrow])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p", 0.0),
        ("p", -1.0),
        ("p", np.nan),
        ("p", np.inf),
        ("q", 0.0),
        ("q", -2.0),
        ("q", np.nan),
        ("walks_per_node", 0),
        ("walk_length", 0),
        ("batch_size", 0),
        ("threads", 0),
    ],
)
def test_bad_arguments_are_named_before_work_starts(sample, name, value):
    with pytest.raises(ValueError, match=f"^{name}: "):
        sample(weighted_graph(), **{name: value})


def test_too_large_arrow_batches_are_refused():
    with pytest.raises(ValueError, match=r"^batch_size: "):
        walks_to_arrow(weighted_graph(), walk_length=2**16, batch_size=2**15)


def test_progress_is_logged_off_a_terminal(caplog, monkeypatch):
    graph = weighted_graph()
    with caplog.at_level(logging.INFO, logger="longtail.kernels.progress"):
        assert list(track(range(3), total=3, label="over at once")) == [0, 1, 2]
    assert not caplog.messages
    monkeypatch.setattr("longtail.kernels.progress.QUICK", 0)
    with caplog.at_level(logging.INFO, logger="longtail.kernels.progress"):
        walks = list(sample_walks(graph, batch_size=4, progress=True))
    assert sum(map(len, walks)) == 120
    assert len(caplog.messages) == 10
    assert caplog.messages[-1].startswith("walk batches: 30 of 30")
    caplog.clear()
    assert list(track(range(3), total=0, label="nothing expected")) == [0, 1, 2]
    assert not caplog.messages
