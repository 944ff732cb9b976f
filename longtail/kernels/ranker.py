"""Learning to rank: order the candidates of a case by how likely they are taken.

Trees are LightGBM's LambdaRank (Ke et al. 2017; Burges 2010, From RankNet to LambdaRank to
LambdaMART); the linear ranker is a conditional logit with weights from 0 up (McFadden 1974).
LightGBM's import takes a second, which a shop with too few cases for trees does not pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    import lightgbm as lgb

K = 20
"""Length of the lists that NDCG is computed on."""
LEAF = 500
"""Fewest rows of a leaf: the behaviour of a few users does not generalise to the next week."""
BINNING = {"max_bin": 15, "feature_pre_filter": False}
"""Bins per feature. With more, trees identify a product by its counts, and repeat in the next week
what was taken in the training week."""
PENALTY = 1e-4
"""Penalty on the linear ranker's squared weights."""


@dataclass(frozen=True)
class TreeRanker:
    """Trees and the record of their training.

    Attributes
    ----------
    text
        LightGBM's text format, without the training parameters.
    gains, splits
        Per feature: the loss removed by its splits, and their number.
    curve
        NDCG@20 of the validation cases (`judged`) after each tree; empty when there were none.
    """

    text: str
    gains: np.ndarray
    splits: np.ndarray
    curve: np.ndarray


def binned(
    features: np.ndarray,
    relevance: np.ndarray,
    sizes: np.ndarray,
    *,
    names: list[str],
    threads: int,
) -> lgb.Dataset:
    """Bin the features of examples, once for all rankers that learn from subsets of them.

    Parameters
    ----------
    features
        Float32 of shape (rows, features), NaN for unknown values. Rows of a case are contiguous.
        relevance 0 for a candidate that was not taken, 1 for one that was, 2 for one that was
        bought.
    sizes
        Rows of each case; their sum is the number of rows.
    names
        Of the features.
    threads
        Change nothing but the time.
    """
    import lightgbm as lgb

    return lgb.Dataset(
        features,
        relevance,
        group=sizes,
        feature_name=names,
        params=BINNING | {"num_threads": threads, "verbose": -1},
    ).construct()


def train_trees(
    examples: lgb.Dataset,
    learned: np.ndarray,
    judged: np.ndarray,
    *,
    trees: int,
    leaves: int,
    learning_rate: float,
    purchase_weight: float,
    seed: int,
    threads: int,
) -> TreeRanker:
    """Boost LambdaRank trees; the same seed gives the same trees for any number of threads.

    Parameters
    ----------
    examples
        Of `binned`.
    learned, judged
        Per case, whether the trees learn from it, and whether its NDCG counts in the curve.
    trees, leaves, learning_rate
        Number of trees, most leaves per tree, shrinkage per tree.
    purchase_weight
        Gain of relevance 2; that of relevance 1 is 1.
    seed
        Of the rows and features that LightGBM draws.
    threads
        Change nothing but the time.

    Raises
    ------
    ValueError
        If there is no case to learn from.
    """
    if not learned.any():
        raise ValueError("some cases must be learned from")
    import lightgbm as lgb

    sizes = examples.get_group()
    used_rows = int(sizes[learned | judged].sum())
    parameters = BINNING | {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [K],
        "label_gain": [0, 1, purchase_weight],
        "lambdarank_truncation_level": K + 5,
        "learning_rate": learning_rate,
        "num_leaves": leaves,
        "min_data_in_leaf": min(LEAF, max(1, used_rows // 20)),
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbose": -1,
    }

    def subset(cases: np.ndarray) -> lgb.Dataset:
        return examples.subset(np.flatnonzero(np.repeat(cases, sizes)), parameters)

    curves: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        parameters,
        subset(learned),
        trees,
        valid_sets=[subset(judged)] if judged.any() else [],
        valid_names=["judged"] if judged.any() else None,
        callbacks=[lgb.record_evaluation(curves)] if judged.any() else None,
    )
    return TreeRanker(
        text=booster.model_to_string().split("\nparameters:")[0],
        gains=booster.feature_importance("gain"),
        splits=booster.feature_importance("split"),
        curve=np.asarray(curves["judged"][f"ndcg@{K}"] if judged.any() else []),
    )


def tree_scores(
    text: str, features: np.ndarray, *, threads: int, trees: int | None = None
) -> np.ndarray:
    """Score candidates by trees: float64 of shape (rows,), the higher the better.

    Parameters
    ----------
    text
        Of `TreeRanker`.
    features
        Float32 of shape (rows, features), NaN where nothing is known.
    threads
        Change nothing but the time.
    trees
        Use only the first so many; all when not given.
    """
    import lightgbm as lgb

    booster = lgb.Booster(model_str=text)
    return booster.predict(features, num_iteration=trees, num_threads=threads)


def tree_contributions(text: str, features: np.ndarray, *, threads: int) -> np.ndarray:
    """Return each feature's contribution to `tree_scores`: float64, shape of `features`.

    Shapley values of the trees (Lundberg et al. 2020, From local explanations to global
    understanding with explainable AI for trees): their sum is the score minus the mean score of the
    training examples.

    Parameters
    ----------
    text, features, threads
        As in `tree_scores`.
    """
    import lightgbm as lgb

    booster = lgb.Booster(model_str=text)
    return booster.predict(features, pred_contrib=True, num_threads=threads)[:, :-1]


@dataclass(frozen=True)
class LinearRanker:
    """Score: the sum over features of weight * log(1 + value / scale).

    Attributes
    ----------
    weights, scales
        Per feature; weights at least 0, scales above 0.
    """

    weights: np.ndarray
    scales: np.ndarray


def train_linear(
    features: np.ndarray, relevance: np.ndarray, sizes: np.ndarray, *, purchase_weight: float
) -> LinearRanker:
    """Fit non-negative weights that make the taken candidates of each case likely.

    Parameters
    ----------
    features
        Float of shape (rows, features), NaN or at least 0. Rows of a case are contiguous.
    relevance, sizes, purchase_weight
        As in `train_trees`.
    """
    values = np.nan_to_num(features.astype(np.float64))
    known = values > 0
    scales = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    scales[scales == 0] = 1
    values = np.log1p(values / scales)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    taken = np.asarray([0, 1, purchase_weight])[relevance]
    taken_in_case = np.add.reduceat(taken, starts)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = values @ weights
        scores -= np.repeat(np.maximum.reduceat(scores, starts), sizes)
        odds = np.exp(scores)
        sums = np.add.reduceat(odds, starts)
        probability = odds / np.repeat(sums, sizes)
        value = (taken_in_case * np.log(sums)).sum() - (taken * scores).sum()
        slope = values.T @ (np.repeat(taken_in_case, sizes) * probability - taken)
        count = len(sizes)
        return (
            value / count + PENALTY * (weights**2).sum(),
            slope / count + 2 * PENALTY * weights,
        )

    size = features.shape[1]
    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", bounds=[(0, None)] * size)
    return LinearRanker(found.x, scales)


def linear_scores(ranker: LinearRanker, features: np.ndarray) -> np.ndarray:
    """Score candidates by the linear ranker: float64 of shape (rows,)."""
    values = np.nan_to_num(features.astype(np.float64))
    return np.log1p(values / ranker.scales) @ ranker.weights


def linear_contributions(ranker: LinearRanker, features: np.ndarray) -> np.ndarray:
    """Return the terms of `linear_scores`: float64, shape of `features`."""
    values = np.nan_to_num(features.astype(np.float64))
    return np.log1p(values / ranker.scales) * ranker.weights


def discounted_gains(
    scores: np.ndarray, relevance: np.ndarray, sizes: np.ndarray, *, purchase_weight: float
) -> np.ndarray:
    """DCG@20 of an order of the candidates (Jarvelin and Kekalainen 2002): float64, one per case.

    Parameters
    ----------
    scores
        Per row; equal scores keep the order of the rows.
    relevance, sizes, purchase_weight
        As in `train_trees`.
    """
    gain = np.asarray([0, 1, purchase_weight])[relevance]
    case = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(case)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    discount = np.where(place < K, 1 / np.log2(place + 2), 0)
    order = np.lexsort((-scores, case))
    return np.bincount(case, gain[order] * discount, minlength=len(sizes))
