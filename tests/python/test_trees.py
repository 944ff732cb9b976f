"""Trees that learn to rank: known answers, and the same trees for every number of threads."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score
from toy_ranker import CASES, SETTINGS, SIZE, SIZES, toy, trained

from longtail.kernels.ranker import (
    binned,
    discounted_gains,
    train_linear,
    train_trees,
    tree_scores,
)


def mean_ndcg(scores, relevance, sizes, *, purchase_weight) -> float:
    """Return NDCG@20 over what the candidates hold."""
    reached, best = (
        discounted_gains(order, relevance, sizes, purchase_weight=purchase_weight)
        for order in (scores, relevance)
    )
    return float(np.mean(reached / np.where(best > 0, best, 1)))


def test_the_feature_that_decides_orders_candidates_not_seen():
    found = trained()
    features, relevance = toy(seed=1)
    scores = tree_scores(found.text, features, threads=1)
    assert mean_ndcg(scores, relevance, SIZES, purchase_weight=2) > 0.9
    assert found.gains[1] > 10 * max(found.gains[0], found.gains[2])
    assert len(found.curve) == SETTINGS["trees"] and found.curve[-1] > 0.9


def test_threads_change_no_tree_and_no_score():
    features, _ = toy(seed=2)
    texts = [trained(threads).text for threads in (1, 2, 5)]
    assert texts[0] == texts[1] == texts[2]
    scores = [tree_scores(texts[0], features, threads=threads) for threads in (1, 2, 5)]
    assert (scores[0] == scores[1]).all() and (scores[0] == scores[2]).all()


def test_another_seed_gives_other_trees():
    assert trained().text != trained(seed=4).text


def test_a_product_is_not_known_again_by_its_counts():
    """All users take ten of 200 products this week; the products' counts do not show it."""
    random = np.random.default_rng(8)
    products = np.concatenate([random.permutation(200)[:40] for _ in range(CASES)])
    counts = random.permutation(200).astype(np.float32)
    sizes = np.full(CASES, 40)
    features = np.column_stack([counts[products], random.random(len(products), dtype=np.float32)])
    relevance = (products < 10).astype(np.int64)
    aside = np.arange(CASES) % 5 == 0
    found = train_trees(
        binned(features, relevance, sizes, names=["count", "noise"], threads=1),
        ~aside,
        aside,
        threads=1,
        **(SETTINGS | {"trees": 60, "leaves": 15}),
    )
    rows = np.repeat(aside, sizes)
    scores = tree_scores(found.text, features[rows], threads=1)
    assert mean_ndcg(scores, relevance[rows], sizes[aside], purchase_weight=1) < 0.6


def test_all_cases_aside_are_refused():
    examples_in_bins = binned(*toy(), SIZES, names=list("abc"), threads=1)
    every = np.ones(CASES, bool)
    with pytest.raises(ValueError, match="learned from"):
        train_trees(examples_in_bins, ~every, every, threads=1, **SETTINGS)


def test_trees_learn_from_nothing_but_the_cases_they_are_given():
    """Choices in the other cases change no tree; only the curve uses the judged ones."""
    features, relevance = toy()
    turned, aside = relevance.copy(), np.arange(CASES) % 5 == 0
    rows = np.repeat(aside, SIZES)
    turned[rows] = turned[rows].reshape(-1, SIZE)[:, ::-1].ravel()
    asked, changed = (
        train_trees(
            binned(features, taken, SIZES, names=list("abc"), threads=1),
            ~aside,
            aside,
            threads=1,
            **SETTINGS,
        )
        for taken in (relevance, turned)
    )
    assert asked.text == changed.text and (asked.curve > changed.curve + 0.1).all()


def test_the_first_trees_score_as_trees_stopped_there():
    features, _ = toy(seed=2)
    some = tree_scores(trained().text, features, threads=1, trees=5)
    assert (some == tree_scores(trained(trees=5).text, features, threads=1)).all()


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


def test_linear_weights_are_never_below_zero():
    features, relevance = toy()
    worse = np.column_stack([1 - features[:, 1], features[:, 1]])
    found = train_linear(worse, relevance, SIZES, purchase_weight=2)
    assert found.weights[0] == 0 and found.weights[1] > 1
