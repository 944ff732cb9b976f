"""The ranker: known answers, the same trees for every number of threads, and when it steps back."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import ndcg_score

from longtail.kernels.ranker import (
    linear_scores,
    mean_ndcg,
    train_linear,
    train_trees,
    tree_scores,
)
from longtail.tables import SCORE_SCHEMA, ranker_table, score_table

CASES, SIZE = 400, 12
SIZES = np.full(CASES, SIZE)
SETTINGS = {
    "trees": 20,
    "leaves": 7,
    "learning_rate": 0.2,
    "purchase_weight": 2.0,
    "seed": 3,
}


def toy(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return three columns of noise, and the candidate with most of the second one as taken."""
    random = np.random.default_rng(seed)
    features = random.random((CASES * SIZE, 3), dtype=np.float32)
    taken = features[:, 1].reshape(CASES, SIZE).argmax(axis=1) + np.arange(CASES) * SIZE
    relevance = np.zeros(CASES * SIZE, np.int64)
    relevance[taken] = 1
    features[::17, 0] = np.nan
    return features, relevance


def trained(threads: int = 1, **settings):
    features, relevance = toy()
    return train_trees(
        features,
        relevance,
        SIZES,
        np.arange(CASES) % 5 == 0,
        names=["noise", "what decides", "more noise"],
        threads=threads,
        **(SETTINGS | settings),
    )


def test_the_feature_that_decides_orders_candidates_not_seen():
    found = trained()
    features, relevance = toy(seed=1)
    scores = tree_scores(found.text, features, threads=1)
    assert mean_ndcg(scores, relevance, SIZES, purchase_weight=2) > 0.9
    assert found.gains[1] > 10 * max(found.gains[0], found.gains[2])
    assert found.trees == len(found.curve) <= SETTINGS["trees"]


def test_threads_change_no_tree_and_no_score():
    features, _ = toy(seed=2)
    texts = [trained(threads).text for threads in (1, 2, 5)]
    assert texts[0] == texts[1] == texts[2]
    scores = [tree_scores(texts[0], features, threads=threads) for threads in (1, 2, 5)]
    assert (scores[0] == scores[1]).all() and (scores[0] == scores[2]).all()


def test_another_seed_gives_other_trees():
    assert trained().text != trained(seed=4).text


def test_all_or_no_cases_aside_are_refused():
    features, relevance = toy()
    for aside in (np.zeros(CASES, bool), np.ones(CASES, bool)):
        with pytest.raises(ValueError, match="kept aside"):
            train_trees(features, relevance, SIZES, aside, names=list("abc"), threads=1, **SETTINGS)


def test_ndcg_is_that_of_scikit_learn():
    random = np.random.default_rng(5)
    relevance = random.integers(0, 3, (40, 30))
    relevance[:, 0] = 1
    scores = random.random((40, 30))
    gains = np.asarray([0.0, 1.0, 3.0])[relevance]
    ours = mean_ndcg(scores.ravel(), relevance.ravel(), np.full(40, 30), purchase_weight=3)
    assert ours == pytest.approx(ndcg_score(gains, scores, k=20))


def test_equal_scores_stay_in_the_order_of_the_rows():
    relevance = np.asarray([0, 1, 0])
    ours = mean_ndcg(np.zeros(3), relevance, np.asarray([3]), purchase_weight=1)
    assert ours == pytest.approx(1 / np.log2(3))


def test_linear_weight_is_the_log_odds():
    # Of two candidates one has the feature; it is taken in 3 of 4 cases. The fit of a logit is
    # then log(3), over what the transformation makes of the value: log(1 + 1 / 1).
    cases = 4000
    features = np.tile(np.asarray([[1.0], [0.0]]), (cases, 1))
    relevance = np.zeros((cases, 2), np.int64)
    relevance[np.arange(cases), (np.arange(cases) % 4 == 0).astype(int)] = 1
    found = train_linear(features, relevance.ravel(), np.full(cases, 2), purchase_weight=1)
    assert found.scales == pytest.approx([1.0])
    assert found.weights[0] * np.log(2) == pytest.approx(np.log(3), rel=0.02)
    assert linear_scores(found, features)[:2] == pytest.approx([np.log(3), 0], rel=0.02)


def test_linear_weights_are_never_below_zero():
    features, relevance = toy()
    worse = np.column_stack([1 - features[:, 1], features[:, 1]])
    found = train_linear(worse, relevance, SIZES, purchase_weight=2)
    assert found.weights[0] == 0 and found.weights[1] > 1


def examples(cases: int = CASES, blend: str = "noise") -> pa.Table:
    """Return the toy as a table; its blend_score is noise or what decides."""
    features, relevance = toy()
    rows = cases * SIZE
    columns = {
        "user_key": pa.array(np.repeat(np.arange(cases), SIZE), pa.int32()),
        "draw": np.repeat(np.arange(cases) % 10 / 10, SIZE),
        "relevance": relevance[:rows],
        "product_key": pa.array(np.arange(rows) % 100, pa.int32()),
        "is_tail": np.arange(rows) % 100 >= 50,
        "interactions": np.where(np.arange(rows) % 100 >= 50, 1, 9).astype(np.float32),
        "blend_score": features[:rows, 1 if blend == "what decides" else 2].astype(np.float64),
        "noise": features[:rows, 0],
        "what_decides": features[:rows, 1] if blend == "noise" else features[:rows, 2],
        "repeat_interest": np.zeros(rows, np.float32),
        "interactions_7": np.zeros(rows, np.float32),
    }
    return pa.table(columns)


def learned(table: pa.Table, kind: str = "trees", min_cases: int = 100, tail: float = 0) -> dict:
    found = ranker_table(
        table,
        kind=kind,
        linear_names=["noise", "what_decides"],
        repeat_weight=0,
        tail=tail,
        min_cases=min_cases,
        threads=1,
        **SETTINGS,
    )
    assert len(found) == 1
    return found.to_pylist()[0]


@pytest.mark.parametrize("kind", ["trees", "linear"])
def test_a_ranker_better_than_the_blend_is_used(kind):
    row = learned(examples(), kind)
    assert row["is_used"] and row["ndcg"] > 0.9 > row["blend_ndcg"]
    weight = {entry["feature"]: entry["gain"] or entry["weight"] for entry in row["features"]}
    assert max(weight, key=lambda name: weight[name] or 0) == "what_decides"


@pytest.mark.parametrize("kind", ["trees", "linear"])
def test_a_ranker_worse_than_the_blend_steps_back(kind):
    row = learned(examples(blend="what decides"), kind)
    assert not row["is_used"] and row["ndcg"] < row["blend_ndcg"] == pytest.approx(1)


@pytest.mark.parametrize("cases", [0, 1, 99])
def test_too_few_cases_are_said(cases):
    row = learned(examples(cases))
    assert not row["is_used"] and row["model"] is None
    assert row["reason"] == f"{cases} cases to learn from, of at least 100"


def test_scores_come_batch_by_batch_and_only_when_the_ranker_is_used():
    table = examples()
    keys = pa.array(np.arange(len(table)), pa.int32())
    table = table.append_column("because_product_key", keys)
    table = table.append_column("scope", pa.array(["published"] * len(table)))
    for source, count in (("noise", len(table)), ("what decides", 0)):
        ranker = pa.Table.from_pylist([learned(examples(blend=source))])
        batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(1000))
        scored = score_table(batches, ranker, threads=1).read_all()
        assert scored.schema == SCORE_SCHEMA and len(scored) == count
