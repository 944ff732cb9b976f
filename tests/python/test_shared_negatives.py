"""The trainer with shared noise learns the same as gensim's."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from made_up_walks import NODES, batch, equal, random_walks

from longtail.kernels import shared_negatives
from longtail.kernels.corpus import write_tokens
from longtail.kernels.shared_negatives import train_shared_negatives
from longtail.tables import embeddings


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "walks"
    write_tokens([batch(random_walks())], path)
    return path


def train(corpus, **changes):
    arguments = {"node_count": NODES, "dimensions": 16, "seed": 11, **changes}
    return train_shared_negatives(corpus, **arguments)


def test_tokens_end_each_walk(tmp_path):
    walks = [batch([[0, 12, 3], [], [7]]), batch([]), batch([None, [4, 4]])]
    size = write_tokens(walks, tmp_path / "walks")
    assert np.fromfile(tmp_path / "walks", np.int32).tolist() == [0, 12, 3, -1, 7, -1, 4, 4, -1]
    assert size == (3, 6, 13)


@pytest.mark.parametrize("kind", [pa.large_list(pa.int64()), pa.list_(pa.uint16())])
def test_lists_of_any_whole_numbers_are_written(tmp_path, kind):
    rows = pa.array([[9], [1, 2], [3]], kind)[1:]  # an offset, too
    write_tokens([pa.record_batch({"node_ids": rows})], tmp_path / "walks")
    assert np.fromfile(tmp_path / "walks", np.int32).tolist() == [1, 2, -1, 3, -1]


def test_two_communities_come_apart(tmp_path):
    random = np.random.default_rng(0)
    walks = [random.integers(0, 25, 20) + 25 * (walk % 2) for walk in range(1500)]
    write_tokens([batch(walks)], tmp_path / "walks")
    got = train(
        tmp_path / "walks", node_count=50, dimensions=8, epochs=3, learning_rate=0.1, seed=1
    )
    unit = got.vectors / np.linalg.norm(got.vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = np.equal.outer(np.arange(50) < 25, np.arange(50) < 25)
    np.fill_diagonal(cosine, np.nan)
    assert np.nanmin(cosine[same]) > np.nanmax(cosine[~same]) + 0.3
    scores = got.vectors @ got.context_vectors.T
    assert scores[same].min() > scores[~same].max()


@pytest.mark.parametrize("negative", [2, 5])
def test_the_model_learns_the_log_ratio_of_its_objective(tmp_path, negative):
    """Levy and Goldberg 2014: in.out = log(p(b|a) / (negative * noise(b))), noise ~ f^a.

    Noise that equals the target is not drawn, so a target of noise q has odds q / (1 - q) less.
    """
    random = np.random.default_rng(3)
    share = np.array([0.4, 0.3, 0.2, 0.1])
    first = random.integers(0, 2, 20_000)
    after = [2 + random.choice(4, 20_000, p=chances) for chances in (share, share[::-1])]
    walks = np.stack([first, np.where(first == 0, *after)], axis=1)
    write_tokens([batch(list(walks))], tmp_path / "walks")
    got = train(
        tmp_path / "walks",
        node_count=6,
        dimensions=8,
        window=1,
        negative=negative,
        ns_exponent=0.5,
        epochs=20,
        learning_rate=0.05,
        seed=1,
    )
    noise = got.frequency**0.5 / (got.frequency**0.5).sum()
    for node, chances in ((0, share), (1, share[::-1])):
        # A target is compared with noise only where it is not the centre itself.
        expected = np.log(chances / ((1 - chances) * negative * noise[2:]))
        found = (got.vectors @ got.context_vectors.T)[node, 2:]
        assert found == pytest.approx(expected, abs=0.15)


def test_the_same_seed_is_bit_equal_beside_another_training_too(corpus):
    alone = [train(corpus, epochs=4, sample=1e-3, seed=seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        together = list(
            pool.map(lambda seed: train(corpus, epochs=4, sample=1e-3, seed=seed), (1, 2))
        )
    assert equal(alone[0], together[0])
    assert equal(alone[1], together[1])
    assert not np.array_equal(alone[0].vectors, alone[1].vectors)


def test_parts_of_the_corpus_change_nothing(corpus, monkeypatch):
    whole = train(corpus, epochs=2)
    monkeypatch.setattr(shared_negatives, "_TOKENS_AT_ONCE", 1000)
    assert equal(whole, train(corpus, epochs=2))


def test_a_node_without_walks_has_zeros(corpus):
    got = train(corpus)
    tokens = np.fromfile(corpus, np.int32)
    assert np.array_equal(got.frequency, np.bincount(tokens[tokens >= 0], minlength=NODES))
    absent = got.frequency == 0
    assert absent.sum() >= 10
    for matrix in (got.vectors, got.context_vectors):
        assert np.isfinite(matrix).all()
        assert not matrix[absent].any()
        assert matrix[~absent].any(axis=1).all()


def test_warm_start_keeps_what_is_known(corpus):
    first = train(corpus, epochs=3)
    start = {
        "initial_vectors": first.vectors,
        "initial_context_vectors": first.context_vectors,
    }
    before = first.context_vectors.copy()
    again = train(corpus, learning_rate=1e-6, **start)
    assert np.abs(again.vectors - first.vectors).max() < 0.01
    assert np.array_equal(first.context_vectors, before)  # a copy was trained


def test_frequent_nodes_are_skipped_with_sample(corpus):
    assert not np.array_equal(train(corpus).vectors, train(corpus, sample=1e-3).vectors)


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        (None, {}, "corpus_path: there is no file"),
        ([], {}, "corpus_path: .* is empty"),
        ([1, 2], {}, "corpus_path: .* is not a file of write_tokens"),
        ([1, 2, -1], {"node_count": 2}, "node_count is 2, the corpus holds 2"),
        ([1, -5, -1], {}, "the corpus holds -5"),
        ([1, 2, -1], {"negative": 0}, "negative must be"),
        ([1, 2, -1], {"initial_vectors": np.zeros((3, 3))}, "initial_vectors must have shape"),
    ],
)
def test_bad_arguments_are_named(tmp_path, content, changes, message):
    if content is not None:
        np.array(content, np.int32).tofile(tmp_path / "walks")
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "walks", **changes)


def test_one_node_alone(tmp_path):
    write_tokens([batch([[0]])], tmp_path / "walks")
    got = train(tmp_path / "walks", node_count=1)
    assert got.frequency.tolist() == [1]
    assert np.isfinite(got.vectors).all()


@pytest.mark.parametrize(("from_nodes", "trainer"), [(3, "numba"), (4, "gensim")])
def test_auto_is_numba_from_a_size_on(tmp_path, monkeypatch, from_nodes, trainer):
    monkeypatch.setattr(embeddings, "NUMBA_FROM", from_nodes)

    def trained(which):
        return embeddings.embedding_table(
            [batch([[0, 1, 2], [2, 1, 0]])],
            pa.table(
                {
                    "product_id": ["a", "b", "c"],
                    "node_id": pa.array([0, 1, 2], pa.int32()),
                    "level_1": ["x", "x", "y"],
                    "brand": ["m", "m", "m"],
                }
            ),
            node_count=3,
            work_folder=tmp_path,
            label="embeddings",
            trainer=which,
            dimensions=4,
            seed=1,
        )

    assert trained("auto").equals(trained(trainer))
    assert not trained("gensim").equals(trained("numba"))
