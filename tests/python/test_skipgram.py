import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import gensim.models.word2vec_corpusfile as kernel
import numpy as np
import pyarrow as pa
import pytest
from made_up_walks import NODES, batch, equal, random_walks

from longtail.kernels import corpus as corpus_module
from longtail.kernels.corpus import write_corpus
from longtail.kernels.skipgram import train_skipgram


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "walks.txt"
    write_corpus([batch(random_walks())], path)
    return path


def train(corpus, **changes):
    arguments = {"node_count": NODES, "dimensions": 16, "seed": 11, **changes}
    return train_skipgram(corpus, **arguments)


def test_corpus_is_one_walk_a_line(tmp_path):
    path = tmp_path / "walks.txt"
    size = write_corpus([batch([[0, 12, 3], [], [7]]), batch([]), batch([None, [4, 4]])], path)
    assert path.read_text() == "0 12 3\n7\n4 4\n"
    assert size == (3, 6, 13)
    assert os.listdir(tmp_path) == ["walks.txt"]


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.int32()), pa.large_list(pa.int64()), pa.list_(pa.int32(), 2)]
)
def test_corpus_from_every_kind_of_list(tmp_path, kind):
    lists = pa.array([[9, 9], [1, 2], [3, 4]], kind)[1:]
    write_corpus([pa.record_batch({"node_ids": lists})], tmp_path / "walks.txt")
    assert (tmp_path / "walks.txt").read_text() == "1 2\n3 4\n"


def test_corpus_in_small_pieces_is_the_same(tmp_path, monkeypatch, corpus):
    monkeypatch.setattr(corpus_module, "_TOKENS_PER_JOIN", 100)
    write_corpus([batch(random_walks())], tmp_path / "walks.txt")
    assert (tmp_path / "walks.txt").read_bytes() == corpus.read_bytes()


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"nodes": pa.array([[1]], pa.list_(pa.int32()))}, "node_ids"),
        ({"node_ids": pa.array([["1"]])}, "lists of integers"),
        ({"node_ids": pa.array([1, 2])}, "lists of integers"),
        ({"node_ids": pa.array([[1, None]], pa.list_(pa.int32()))}, "null or a negative"),
        ({"node_ids": pa.array([[1, -1]], pa.list_(pa.int32()))}, "null or a negative"),
        ({"node_ids": pa.array([[1] * 10_001], pa.list_(pa.int32()))}, "10001 nodes"),
    ],
)
def test_bad_walks_leave_no_file(tmp_path, columns, says):
    path = tmp_path / "walks.txt"
    with pytest.raises(ValueError, match=f"walks.*{says}"):
        write_corpus([batch([[1, 2]]), pa.record_batch(columns)], path)
    assert os.listdir(tmp_path) == []


def test_frequency_counts_the_corpus_and_absent_nodes_are_zero(corpus):
    got = train(corpus)
    expected = np.bincount(np.concatenate(random_walks()), minlength=NODES)
    assert np.array_equal(got.frequency, expected)
    absent = expected == 0
    assert absent.sum() >= 10
    for matrix in (got.vectors, got.context_vectors):
        assert matrix.shape == (NODES, 16)
        assert matrix.dtype == np.float32
        assert np.isfinite(matrix).all()
        assert not matrix[absent].any()
        assert matrix[~absent].any(axis=1).all()


def test_two_communities_come_apart(tmp_path):
    random = np.random.default_rng(0)
    walks = [random.integers(0, 25, 20) + 25 * (walk % 2) for walk in range(1500)]
    write_corpus([batch(walks)], tmp_path / "walks.txt")
    # Such even data (each node as likely after each) needs more steps than a shop's.
    got = train_skipgram(
        tmp_path / "walks.txt", node_count=50, dimensions=8, epochs=3, learning_rate=0.1, seed=1
    )
    unit = got.vectors / np.linalg.norm(got.vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = np.equal.outer(np.arange(50) < 25, np.arange(50) < 25)
    np.fill_diagonal(cosine, np.nan)
    assert np.nanmin(cosine[same]) > np.nanmax(cosine[~same]) + 0.3
    # The context side must rank the own community first, too.
    scores = got.vectors @ got.context_vectors.T
    assert scores[same].min() > scores[~same].max()


def test_the_model_learns_the_log_ratio_it_promises(tmp_path):
    """Levy and Goldberg 2014: exp(in.out) * f^a is in proportion to how likely a successor is.

    To its odds, rather: word2vec draws no noise that equals the target. Small chances are odds.
    """
    random = np.random.default_rng(3)
    share = np.array([0.4, 0.3, 0.2, 0.1])
    first = random.integers(0, 2, 20_000)
    after = [2 + random.choice(4, 20_000, p=chances) for chances in (share, share[::-1])]
    walks = np.stack([first, np.where(first == 0, *after)], axis=1)
    write_corpus([batch(list(walks))], tmp_path / "walks.txt")
    got = train_skipgram(
        tmp_path / "walks.txt",
        node_count=6,
        dimensions=8,
        window=1,
        ns_exponent=0.5,
        epochs=20,
        learning_rate=0.05,
        seed=1,
    )
    score = got.vectors @ got.context_vectors.T + 0.5 * np.log(got.frequency)
    odds = share / (1 - share)
    for node, expected in ((0, odds), (1, odds[::-1])):
        found = np.exp(score[node, 2:])
        assert found / found.sum() == pytest.approx(expected / expected.sum(), abs=0.02)


def test_same_seed_is_bit_equal_and_another_seed_is_not(corpus):
    one = train(corpus, sample=1e-3)
    assert equal(one, train(corpus, sample=1e-3))
    assert not np.array_equal(one.vectors, train(corpus, sample=1e-3, seed=12).vectors)


@pytest.mark.slow
def test_bit_equal_in_other_processes_whatever_their_string_hash(corpus, tmp_path):
    here = train(corpus, epochs=2)
    code = textwrap.dedent(f"""
        import numpy as np
        from longtail.kernels.skipgram import train_skipgram
        got = train_skipgram({str(corpus)!r}, node_count={NODES}, dimensions=16, epochs=2, seed=11)
        np.savez({str(tmp_path / "other.npz")!r}, v=got.vectors, c=got.context_vectors)
    """)
    for hash_seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        other = np.load(tmp_path / "other.npz")
        assert np.array_equal(here.vectors, other["v"])
        assert np.array_equal(here.context_vectors, other["c"])


@pytest.mark.slow
def test_two_trainings_side_by_side_equal_lone_runs(corpus):
    alone = [train(corpus, epochs=4, seed=seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: train(corpus, epochs=4, seed=seed), (1, 2)))
    assert equal(alone[0], together[0])
    assert equal(alone[1], together[1])


@pytest.mark.parametrize("length", [50, None])
@pytest.mark.parametrize("sample", [0.0, 1e-3])
def test_shards_pass_over_the_corpus_exactly_once(tmp_path, monkeypatch, length, sample):
    random = np.random.default_rng(8)
    lengths = np.full(3000, length) if length else random.integers(1, 90, 3000)
    walks = [random.integers(0, NODES, count) for count in lengths]
    write_corpus([batch(walks)], tmp_path / "walks.txt")
    monkeypatch.setattr(corpus_module, "_SHARD_TOKENS", 40_000)
    read, original = [], kernel.train_epoch_sg

    def spy(model, path, offset, vocabulary, number, examples, words, *rest):
        _, trained, counted = original(
            model, path, offset, vocabulary, number, examples, words, *rest
        )
        read.append((words + 1, counted, trained))
        return None

    monkeypatch.setattr(kernel, "train_epoch_sg", spy)
    train(tmp_path / "walks.txt", sample=sample)
    promised, counted, trained = np.array(read).T
    assert len(read) >= 3
    assert np.array_equal(promised, counted)
    # gensim itself drops what overflows 10,000 tokens, one walk at most.
    assert 0.99 * lengths.sum() <= counted.sum() <= lengths.sum()
    if sample == 0:
        assert 0.99 * lengths.sum() <= trained.sum() <= lengths.sum()


def test_learning_rate_falls_over_all_shards_and_epochs(corpus, monkeypatch):
    monkeypatch.setattr(corpus_module, "_SHARD_TOKENS", 20_000)
    seen, original = [], kernel.train_epoch_sg

    def spy(model, path, offset, vocabulary, number, *rest):
        seen.append((number, model.epochs, offset))
        return original(model, path, offset, vocabulary, number, *rest)

    monkeypatch.setattr(kernel, "train_epoch_sg", spy)
    train(corpus, epochs=2)
    numbers, passes, offsets = zip(*seen, strict=True)
    assert numbers == tuple(range(len(seen)))
    assert set(passes) == {len(seen)}
    half = len(seen) // 2
    assert half >= 2
    assert offsets[:half] == offsets[half:]
    assert offsets[0] == 0
    assert list(offsets[:half]) == sorted(set(offsets[:half]))


def test_warm_start_keeps_what_is_known(corpus):
    first = train(corpus, epochs=3)
    again = train(
        corpus,
        learning_rate=1e-6,
        initial_vectors=first.vectors,
        initial_context_vectors=first.context_vectors,
    )
    seen = first.frequency > 0
    cold = train(corpus, learning_rate=1e-6)
    for name in ("vectors", "context_vectors"):
        before, warm, fresh = (getattr(got, name)[seen] for got in (first, again, cold))
        assert np.abs(warm - before).max() < 0.01
        assert np.abs(fresh - before).max() > 0.5
    assert not again.vectors[~seen].any()


def test_warm_start_without_a_previous_vector_is_a_cold_start(corpus):
    cold = train(corpus)
    assert equal(cold, train(corpus, initial_vectors=np.zeros((NODES, 16))))


def test_ns_exponent_and_sample_reach_the_kernel(corpus):
    default = train(corpus)
    assert not np.array_equal(default.vectors, train(corpus, ns_exponent=-0.5).vectors)
    assert not np.array_equal(default.vectors, train(corpus, sample=1e-3).vectors)


def test_last_line_without_its_end_is_read(tmp_path):
    (tmp_path / "walks.txt").write_text("0 1 2\n2 1 0")
    got = train_skipgram(tmp_path / "walks.txt", node_count=3, dimensions=4, seed=1)
    assert got.frequency.tolist() == [2, 2, 2]
    assert got.context_vectors.any(axis=1).all()


def test_one_token_and_one_node(tmp_path):
    (tmp_path / "walks.txt").write_text("0\n")
    got = train_skipgram(tmp_path / "walks.txt", node_count=1, dimensions=4, seed=1)
    assert got.frequency.tolist() == [1]
    assert np.isfinite(got.vectors).all()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("node_count", 0),
        ("node_count", 50),
        ("dimensions", 0),
        ("dimensions", 2.5),
        ("window", 0),
        ("negative", 0),
        ("epochs", 0),
        ("sample", -0.1),
        ("sample", 1),
        ("sample", float("nan")),
        ("ns_exponent", float("nan")),
        ("learning_rate", 0),
        ("learning_rate", float("inf")),
        ("seed", -1),
        ("seed", 2**32),
        ("initial_vectors", np.zeros((NODES, 15))),
        ("initial_vectors", np.full((NODES, 16), np.nan)),
        ("initial_context_vectors", np.zeros((NODES + 1, 16))),
    ],
)
def test_bad_argument_is_named(corpus, argument, value):
    with pytest.raises(ValueError, match=f"^{argument} "):
        train(corpus, **{argument: value})


@pytest.mark.parametrize("text", ["", "1 two 3\n", "1  2\n", "1 2\n\n3\n", "1.5 2\n"])
def test_bad_corpus_is_named(tmp_path, text):
    (tmp_path / "walks.txt").write_text(text)
    with pytest.raises(ValueError, match=r"^corpus_path"):
        train(tmp_path / "walks.txt")


def test_missing_corpus_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"^corpus_path"):
        train(tmp_path / "walks.txt")


def test_negative_node_in_the_corpus_is_named(tmp_path):
    (tmp_path / "walks.txt").write_text("1 -2\n")
    with pytest.raises(ValueError, match=r"^node_count .* -2"):
        train(tmp_path / "walks.txt")


def test_line_that_gensim_would_cut_is_named(tmp_path):
    (tmp_path / "walks.txt").write_text("1 " * 10_000 + "1\n")
    with pytest.raises(ValueError, match=r"^corpus_path.* 10001 "):
        train(tmp_path / "walks.txt")
