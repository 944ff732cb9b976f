"""Building and reading graphs: edges kept, summed, dropped and refused."""

import gzip
import os

import numpy as np
import pytest
from scipy import sparse

from longtail.kernels.graph import Graph, graph_from_edges, read_edgelist


def dense(graph: Graph) -> np.ndarray:
    shape = (graph.node_count, graph.node_count)
    return sparse.csr_matrix((graph.weights, graph.indices, graph.indptr), shape=shape).toarray()


def test_undirected_edges_go_both_ways_and_self_loops_once():
    graph = graph_from_edges([0, 3, 1], [2, 0, 1], [0.5, 2.0, 7.0], node_count=5)
    expected = np.zeros((5, 5))
    expected[0, 2] = expected[2, 0] = 0.5
    expected[3, 0] = expected[0, 3] = 2.0
    expected[1, 1] = 7.0
    np.testing.assert_array_equal(dense(graph), expected)
    assert (graph.node_count, graph.edge_count) == (5, 5)
    assert (graph.indptr.dtype, graph.indices.dtype) == (np.int64, np.int32)


def test_directed_edges_go_one_way():
    graph = graph_from_edges([0, 1], [1, 2], [1.0, 2.0], node_count=3, directed=True)
    np.testing.assert_array_equal(dense(graph), [[0, 1, 0], [0, 0, 2], [0, 0, 0]])


def test_duplicates_in_either_spelling_are_summed():
    graph = graph_from_edges([0, 1, 0, 1, 1], [1, 0, 1, 1, 1], [1, 2, 4, 8, 16], node_count=2)
    np.testing.assert_array_equal(dense(graph), [[0, 7], [7, 24]])
    directed = graph_from_edges([0, 1, 0], [1, 0, 1], [1, 2, 4], node_count=2, directed=True)
    np.testing.assert_array_equal(dense(directed), [[0, 5], [2, 0]])


def test_zero_weights_are_no_edges():
    graph = graph_from_edges([0, 1], [1, 2], [0.0, 3.0], node_count=3)
    assert graph.edge_count == 2
    assert dense(graph)[0].sum() == 0


def test_random_edges_match_a_dense_sum():
    random = np.random.default_rng(0)
    source, target = random.integers(0, 50, (2, 2000))
    weight = random.random(2000)
    expected = np.zeros((50, 50))
    np.add.at(expected, (source, target), weight)
    two_way = source != target
    np.add.at(expected, (target[two_way], source[two_way]), weight[two_way])
    graph = graph_from_edges(source, target, weight, node_count=50)
    np.testing.assert_allclose(dense(graph), expected, rtol=1e-14)
    for node in range(50):
        row = graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
        assert (np.diff(row) > 0).all()


@pytest.mark.parametrize(
    ("given", "kept"), [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64)]
)
def test_weight_types(given, kept):
    graph = graph_from_edges([0, 1], [1, 2], np.array([1, 2], dtype=given), node_count=3)
    assert graph.weights.dtype == kept


def test_float32_duplicates_are_summed_in_float64():
    weight = np.array([1.0] + [3e-8] * 4, dtype=np.float32)
    graph = graph_from_edges([0] * 5, [1] * 5, weight, node_count=2)
    assert graph.weights[0] > 1.0  # in float32 each term would vanish


GOOD_EDGES = {"source": [0, 1], "target": [1, 2], "weight": [1.0, 2.0], "node_count": 3}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("node_count", 0),
        ("node_count", 2**31),
        ("source", [0, 3]),
        ("source", [-1, 0]),
        ("source", [0.0, 1.0]),
        ("source", [0, 2**40]),
        ("source", [[0, 1]]),
        ("target", [0, 3]),
        ("target", [0, -2]),
        ("target", [0]),
        ("weight", [1.0, np.nan]),
        ("weight", [1.0, np.inf]),
        ("weight", [1.0, -1e-300]),
        ("weight", [1.0]),
        ("weight", ["1", "2"]),
        ("weight", [0.0, 0.0]),
    ],
)
def test_bad_edges_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name}: "):
        graph_from_edges(**(GOOD_EDGES | {name: value}))


def test_no_edges_are_refused():
    with pytest.raises(ValueError, match="empty"):
        graph_from_edges([], [], [], node_count=3)


def test_duplicates_that_sum_to_infinity_are_refused():
    with pytest.raises(ValueError, match=r"^weight: "):
        graph_from_edges([0, 0], [1, 1], [1.5e308, 1.5e308], node_count=2)


GOOD_GRAPH = {"indptr": [0, 2, 3, 3], "indices": [1, 2, 0], "weights": [1.0, 2.0, 3.0]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("indptr", [0]),
        ("indptr", [1, 2, 3, 3]),
        ("indptr", [0, 2, 3, 4]),
        ("indptr", [0, 3, 2, 3]),
        ("indptr", [0, -1, 3, 3]),
        ("indices", [1, 3, 0]),
        ("indices", [-1, 2, 0]),
        ("indices", [2, 1, 0]),
        ("indices", [1, 1, 0]),
        ("indices", [0.5, 1.5, 0.0]),
        ("weights", [1.0, 2.0]),
        ("weights", [1.0, 0.0, 2.0]),
        ("weights", [1.0, np.nan, 2.0]),
        ("weights", [1.0, np.inf, 2.0]),
        ("weights", [1.0, -1.0, 2.0]),
        ("weights", [1e308, 1e308, 1.0]),
    ],
)
def test_bad_arrays_are_refused_by_name(name, value):
    arrays = GOOD_GRAPH | {name: value}
    with pytest.raises(ValueError, match=f"^{name}: "):
        Graph(**{key: np.array(array) for key, array in arrays.items()})


def test_a_graph_without_edges_is_refused():
    with pytest.raises(ValueError, match="empty"):
        Graph(np.zeros(4, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0))


def test_arrays_of_the_right_type_are_not_copied():
    arrays = {
        "indptr": np.array([0, 2, 3, 3], dtype=np.int64),
        "indices": np.array([1, 2, 0], dtype=np.int32),
        "weights": np.array([1, 2, 3], dtype=np.float32),
    }
    graph = Graph(**arrays)
    for name, array in arrays.items():
        assert np.shares_memory(getattr(graph, name), array)


def test_a_row_may_start_below_the_end_of_the_row_before():
    graph = Graph(np.array([0, 2, 2, 3, 4]), np.array([2, 3, 0, 0]), np.ones(4))
    assert graph.node_count == 4


def test_an_edge_list_keeps_names_and_decimals(tmp_path):
    path = tmp_path / "graph.edg"
    path.write_text("mug\t02\t0.1\n02\t02\t1e-12\nNA\tmug\t0.30000000000000004\nte a\t02\t3\n")
    graph, names = read_edgelist(path)
    assert names.tolist() == ["02", "NA", "mug", "te a"]
    expected = np.zeros((4, 4))
    expected[2, 0] = expected[0, 2] = 0.1
    expected[0, 0] = 1e-12
    expected[1, 2] = expected[2, 1] = 0.30000000000000004
    expected[3, 0] = expected[0, 3] = 3
    np.testing.assert_array_equal(dense(graph), expected)


def test_an_edge_list_without_weights_counts_each_edge_as_one(tmp_path):
    (tmp_path / "graph.edg").write_text("a\tb\nb\tc\n")
    graph, _ = read_edgelist(tmp_path / "graph.edg")
    np.testing.assert_array_equal(dense(graph), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])


def test_an_edge_list_round_trip_is_exact(tmp_path):
    random = np.random.default_rng(4)
    source, target = np.triu_indices(40, k=0)
    weight = 10.0 ** random.uniform(-12, 0, source.size)
    order = random.permutation(source.size)
    lines = [f"{source[i]}\t{target[i]}\t{float(weight[i])!r}\n" for i in order]
    path = tmp_path / "graph.edg.gz"
    path.write_bytes(gzip.compress("".join(lines).encode()))
    graph, names = read_edgelist(path)
    built = graph_from_edges(source, target, weight, node_count=40)
    nodes = names.astype(int)
    np.testing.assert_array_equal(dense(graph), dense(built)[np.ix_(nodes, nodes)])


def test_reading_leaves_the_thread_variable_alone(tmp_path, monkeypatch):
    path = tmp_path / "graph.edg"
    path.write_text("0\t1\t1\n")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    read_edgelist(path)
    assert os.environ["NUMBA_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "path"),
        ("0\t1\t1\t1\n", "path"),
        ("0\t1\tmuch\n", "path"),
        ("0\t1\t-1\n", "weight"),
        ("0\t1\t0\n", "weight"),
        ("0\t1\t\n", "path"),
        ("0\t\t1\n1\t2\t1\n", "path"),
    ],
)
def test_bad_edge_lists_are_refused_by_name(tmp_path, text, name):
    path = tmp_path / "graph.edg"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{name}: "):
        read_edgelist(path)


def test_a_missing_edge_list_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_edgelist(tmp_path / "none.edg")
