from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest

from longtail.kernels import inner_product
from longtail.kernels.search import (
    context_database,
    context_queries,
    nearest_at_weights,
    nearest_by_context,
    nearest_by_cosine,
)


def brute_force(scores, k, allowed=None):
    """The definition: sort everything by score, then by index, without the row itself."""
    scores = np.round(scores.astype(np.float64), 9)
    np.fill_diagonal(scores, -np.inf)
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    ids = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


def cosines(vectors):
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return unit @ unit.T


@pytest.fixture(scope="module")
def vectors():
    random = np.random.default_rng(0).normal(size=(700, 24)).astype(np.float32)
    random[300:420] = random[7]
    random[500:503] = random[9]
    return random


@pytest.fixture(scope="module")
def model():
    random = np.random.default_rng(1)
    frequency = random.zipf(1.6, 600).clip(0, 10**6)
    frequency[:50] = 0
    context = random.normal(size=(600, 16)).astype(np.float32)
    context[frequency == 0] = 0
    return random.normal(size=(600, 16)).astype(np.float32), context, frequency


def test_cosine_equals_brute_force_with_many_duplicates(vectors):
    index, score, report = nearest_by_cosine(vectors, k=30)
    expected, expected_score = brute_force(cosines(vectors), 30)
    assert np.array_equal(index, expected)
    assert score == pytest.approx(expected_score, abs=1e-6)
    assert (index.dtype, score.dtype) == (np.int32, np.float32)
    assert (report.method, report.recall_at_k, report.query_count) == ("exact", 1.0, 700)


def test_duplicates_are_listed_by_index_without_the_query(vectors):
    index, score, _ = nearest_by_cosine(vectors, k=5)
    assert index[7].tolist() == [300, 301, 302, 303, 304]
    assert index[302].tolist() == [7, 300, 301, 303, 304]
    assert score[302] == pytest.approx(np.ones(5), abs=1e-6)
    assert score.max() <= 1


def test_ties_between_different_vectors_go_by_index():
    axes = np.eye(12, dtype=np.float32)  # all cosines 0
    index, score, _ = nearest_by_cosine(axes, k=4)
    assert index[0].tolist() == [1, 2, 3, 4]
    assert index[2].tolist() == [0, 1, 3, 4]
    assert not score.any()


def test_length_does_not_matter_to_cosine(vectors):
    lengths = np.geomspace(1e-25, 1e25, 200, dtype=np.float32)[:, None]
    expected = nearest_by_cosine(vectors[:200], k=10)
    scaled = nearest_by_cosine(vectors[:200] * lengths, k=10)
    assert np.array_equal(expected.index, scaled.index)
    assert scaled.score == pytest.approx(expected.score, abs=1e-5)


def test_context_equals_brute_force(model):
    vectors, context, frequency = model
    for weight in (0.0, 0.75, -0.2):
        index, score, _ = nearest_by_context(
            vectors, context, frequency, k=20, log_frequency_weight=weight
        )
        scores = vectors.astype(float) @ context.T.astype(float)
        scores += weight * np.log(np.maximum(frequency, 1))
        expected, expected_score = brute_force(scores, 20, allowed=frequency > 0)
        assert np.array_equal(index, expected)
        assert score == pytest.approx(expected_score, abs=1e-4)


def test_rows_never_walked_are_asked_but_never_found(model):
    vectors, context, frequency = model
    index, _, report = nearest_by_context(
        vectors, context, frequency, k=100, log_frequency_weight=-5.0
    )
    assert index.shape == (600, 100)
    assert (frequency[index] > 0).all()
    assert report.database_size == (frequency > 0).sum()


def test_zero_query_vector_gives_the_most_frequent(model):
    vectors, context, frequency = model
    vectors = np.zeros_like(vectors)
    index = nearest_by_context(
        vectors, context, frequency, k=3, log_frequency_weight=1.0, queries=[0]
    ).index
    assert index[0].tolist() == np.lexsort((np.arange(600), -frequency))[:3].tolist()


def test_context_halves_multiply_to_the_score(model):
    vectors, context, frequency = model
    got = (
        context_queries(vectors, log_frequency_weight=0.5)[3]
        @ context_database(context, frequency)[80]
    )
    assert got == pytest.approx(vectors[3] @ context[80] + 0.5 * np.log(frequency[80]), abs=1e-5)


@pytest.mark.parametrize("batch", [1, 64, 5000])
@pytest.mark.parametrize("threads", [1, 2])
def test_result_depends_on_neither_batch_nor_threads(vectors, batch, threads):
    expected = nearest_by_cosine(vectors, k=12)
    got = nearest_by_cosine(vectors, k=12, batch=batch, threads=threads)
    assert np.array_equal(expected.index, got.index)
    assert np.array_equal(expected.score, got.score)


def test_queries_are_rows_in_the_order_asked(vectors):
    everything = nearest_by_cosine(vectors, k=6)
    asked = np.array([600, 3, 3, 301])
    some = nearest_by_cosine(vectors, k=6, queries=asked)
    assert np.array_equal(some.index, everything.index[asked])
    assert some.report.query_count == 4


def test_only_rows_of_the_database_are_found(vectors):
    allowed = np.zeros(700, dtype=bool)
    allowed[100:350] = True
    index, score, report = nearest_by_cosine(vectors, k=9, database=np.flatnonzero(allowed)[::-1])
    scores = cosines(vectors)
    expected, expected_score = brute_force(scores, 9, allowed=allowed)
    assert np.array_equal(index, expected)
    assert score == pytest.approx(expected_score, abs=1e-6)
    assert report.database_size == 250


def test_no_queries_and_one_row():
    none = nearest_by_cosine(np.eye(4), k=2, queries=np.array([], dtype=int))
    assert none.index.shape == (0, 2)
    one = nearest_by_cosine(np.ones((1, 3)), k=5, allow_fewer=True)
    assert one.index.shape == (1, 0)


def test_allow_fewer_trims_the_columns(vectors):
    index, score, report = nearest_by_cosine(vectors[:4], k=10, allow_fewer=True)
    assert index.shape == score.shape == (4, 3)
    assert report.k == 3
    assert np.array_equal(np.sort(index, axis=1)[0], [1, 2, 3])


def test_thread_setting_is_given_back(vectors):
    before = faiss.omp_get_max_threads()
    nearest_by_cosine(vectors, k=3, threads=before + 1)
    assert faiss.omp_get_max_threads() == before


def test_two_searches_side_by_side(vectors):
    alone = nearest_by_cosine(vectors, k=9)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda _: nearest_by_cosine(vectors, k=9), range(4)))
    assert all(np.array_equal(alone.index, got.index) for got in together)


def clustered(count=4000, seed=2):
    random = np.random.default_rng(seed)
    centres = random.normal(size=(60, 16))
    rows = centres[random.integers(0, 60, count)] + 0.4 * random.normal(size=(count, 16))
    return rows.astype(np.float32)


def true_recall(approximate, exact):
    pairs = zip(approximate, exact, strict=True)
    return np.mean([len(set(one) & set(two)) / len(two) for one, two in pairs])


def test_inverted_file_reports_the_recall_it_has():
    vectors = clustered()
    exact = nearest_by_cosine(vectors, k=10)
    got = nearest_by_cosine(vectors, k=10, exact_below=4000, target_recall=0.9)
    report = got.report
    assert report.method == "ivf"
    assert 1 <= report.probes < report.lists
    assert report.recall_queries == 1000
    assert report.recall_at_k >= 0.9
    assert true_recall(got.index, exact.index) == pytest.approx(report.recall_at_k, abs=0.02)
    assert (got.index >= 0).all()
    assert (got.index != np.arange(4000)[:, None]).all()
    assert nearest_by_cosine(vectors, k=10, exact_below=4001).report.method == "exact"


def test_inverted_file_is_repeatable_and_full_recall_is_exact():
    vectors = clustered(1500)
    exact = nearest_by_cosine(vectors, k=10)
    got = nearest_by_cosine(vectors, k=10, exact_below=1, target_recall=0.5)
    again = nearest_by_cosine(vectors, k=10, exact_below=1, target_recall=0.5)
    assert np.array_equal(got.index, again.index)
    full = nearest_by_cosine(vectors, k=10, exact_below=1, target_recall=1.0)
    assert full.report.recall_at_k == 1.0
    assert true_recall(full.index, exact.index) > 0.99


def test_inverted_file_finds_by_context_too(model):
    vectors, context, frequency = model
    exact = nearest_by_context(vectors, context, frequency, k=10)
    got = nearest_by_context(vectors, context, frequency, k=10, exact_below=1)
    assert got.report.method == "ivf"
    assert got.report.recall_at_k >= 0.95
    assert true_recall(got.index, exact.index) == pytest.approx(got.report.recall_at_k, abs=1e-6)


def test_several_weights_share_one_inverted_file(model, monkeypatch):
    built = []
    build = inner_product._inverted_file
    monkeypatch.setattr(
        inner_product, "_inverted_file", lambda *args: built.append(args) or build(*args)
    )
    weights = [0.0, 0.5, 1.0]
    found = list(nearest_at_weights(*model, k=10, log_frequency_weights=weights, exact_below=1))
    assert len(built) == 1
    for weight, got in zip(weights, found, strict=True):
        alone = nearest_by_context(*model, k=10, log_frequency_weight=weight, exact_below=1)
        assert np.array_equal(got.index, alone.index)
        assert np.array_equal(got.score, alone.score)


def test_short_lists_are_made_up_from_all_rows():
    # Far groups of 80 and one list read: fewer than k rows are at hand.
    vectors = np.repeat(np.eye(8, dtype=np.float32), 80, axis=0)
    vectors += 0.01 * np.random.default_rng(0).normal(size=vectors.shape).astype(np.float32)
    got = nearest_by_cosine(vectors, k=300, exact_below=1, target_recall=0.01)
    assert got.report.method == "ivf"
    assert (got.index >= 0).all()
    assert all(len(set(row)) == 300 for row in got.index)


def test_recall_counts_shared_neighbours():
    found = np.array([[1, 2], [0, 3]])
    truth = np.array([[2, 5], [3, 0]])
    assert inner_product._recall(found, truth) == 0.75


def nan_at(row):
    rows = np.ones((5, 3), dtype=np.float32)
    rows[row, 1] = np.nan
    return rows


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vectors": nan_at(2)}, "vectors holds NaN"),
        ({"vectors": np.full((5, 3), np.inf)}, "vectors holds NaN or inf"),
        ({"vectors": np.zeros((5, 3))}, "vectors: 5 rows are zero"),
        ({"vectors": np.ones(5)}, "vectors must be"),
        ({"vectors": np.ones((5, 3), dtype=int)}, "vectors must be"),
        ({"vectors": np.ones((0, 3))}, "vectors must be"),
        ({"k": 0}, "k must be"),
        ({"k": -1}, "k must be"),
        ({"k": 1.5}, "k must be"),
        ({"k": 5}, "k is 5, but a row has only 4"),
        ({"k": 0, "allow_fewer": True}, "k must be"),
        ({"threads": 0}, "threads must be"),
        ({"batch": 0}, "batch must be"),
        ({"target_recall": 0}, "target_recall must be"),
        ({"target_recall": 1.1}, "target_recall must be"),
        ({"queries": [5]}, "queries must be"),
        ({"queries": [-1]}, "queries must be"),
        ({"queries": [0.5]}, "queries must be"),
        ({"queries": [[0]]}, "queries must be"),
        ({"database": [5]}, "database must be"),
        ({"database": [0, 1]}, "k is 2, but a row has only 1"),
        ({"database": []}, "database: there is no row"),
    ],
)
def test_bad_cosine_argument_is_named(changes, says):
    arguments = {"vectors": np.ones((5, 3)), "k": 2, **changes}
    with pytest.raises(ValueError, match=f"^{says}"):
        nearest_by_cosine(arguments.pop("vectors"), **arguments)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vectors": nan_at(0)}, "vectors holds NaN"),
        ({"context_vectors": nan_at(0)}, "context_vectors holds NaN"),
        ({"context_vectors": np.ones((5, 2))}, "context_vectors must have the shape"),
        ({"context_vectors": np.ones((4, 3))}, "frequency must be 4 numbers"),
        ({"frequency": np.ones(4)}, "frequency must be 5 numbers"),
        ({"frequency": np.array(["a"] * 5)}, "frequency must be 5 numbers"),
        ({"frequency": np.array([1, 1, 1, 1, -1])}, "frequency holds a negative"),
        ({"frequency": np.array([1, 1, 1, 1, np.nan])}, "frequency holds a negative"),
        ({"frequency": np.zeros(5)}, "frequency: no row"),
        ({"frequency": np.array([1, 1, 0, 0, 0])}, "k is 2, but a row has only 1"),
        ({"log_frequency_weight": np.nan}, "log_frequency_weight must be"),
        ({"k": 0}, "k must be"),
    ],
)
def test_bad_context_argument_is_named(changes, says):
    arguments = {
        "vectors": np.ones((5, 3)),
        "context_vectors": np.ones((5, 3)),
        "frequency": np.arange(1, 6),
        "k": 2,
        **changes,
    }
    arrays = [arguments.pop(name) for name in ("vectors", "context_vectors", "frequency")]
    with pytest.raises(ValueError, match=f"^{says}"):
        nearest_by_context(*arrays, **arguments)
