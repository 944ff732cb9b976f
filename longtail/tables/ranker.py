"""int_ranker and int_tree_scores: what is learned, what serves, and how candidates score."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longtail.kernels.ranker import (
    TreeRanker,
    discounted_gains,
    linear_scores,
    list_reach,
    train_linear,
    train_trees,
    tree_scores,
)
from longtail.tables.columns import floats

RANKER_SCHEMA = pa.schema(
    {
        "ranker": pa.string(),
        "is_used": pa.bool_(),
        "fallback": pa.string(),
        "reason": pa.string(),
        "cases": pa.int64(),
        "examples": pa.int64(),
        "ndcg": pa.float64(),
        "fallback_ndcg": pa.float64(),
        "compared": pa.list_(
            pa.struct({"model": pa.string(), "ndcg": pa.float64(), "cases": pa.int64()})
        ),
        "model": pa.string(),
        "features": pa.list_(
            pa.struct(
                {
                    "feature": pa.string(),
                    "gain": pa.float64(),
                    "splits": pa.int64(),
                    "weight": pa.float64(),
                    "scale": pa.float64(),
                }
            )
        ),
        "curve": pa.list_(pa.float64()),
        "tail_weight": pa.float64(),
        "dial": pa.list_(
            pa.struct(
                {
                    "tail_weight": pa.float64(),
                    "ndcg": pa.float64(),
                    "tail_share": pa.float64(),
                    "products": pa.int64(),
                }
            )
        ),
        "settings": pa.string(),
    }
)
SCORE_SCHEMA = pa.schema(
    {
        "scope": pa.string(),
        "user_key": pa.int32(),
        "product_key": pa.int32(),
        "because_product_key": pa.int32(),
        "score": pa.float64(),
    }
)
TAIL_WEIGHTS = tuple(step / 20 for step in range(21))
"""Settings of the ranker's dial."""
KEPT_ASIDE = 0.2
"""Share of the users that the ranker does not learn from."""
CROSS_VALIDATED = 5000
"""Up to so many cases all are judged, a share of them at a time; above, one share is enough."""


def ranker_table(
    examples: pa.Table,
    gains: pa.Table,
    *,
    kind: str,
    linear_names: list[str],
    repeat_weight: float,
    popularity_weight: float,
    tail: float,
    tail_cost: float,
    min_cases: int,
    purchase_weight: float,
    threads: int,
    **parameters: Any,
) -> pa.Table:
    """Learn to order candidates, and choose what serves; one row.

    Parameters
    ----------
    examples
        Columns user_key, product_key, draw (a number in [0, 1) per user), relevance, is_tail,
        blend_score and features, which alone are float32; rows of a user are together, users in
        ascending order.
    gains
        Columns user_key, model, model_number, draw, ideal_gain and ndcg: a row per case with an
        answer and model, NDCG@20 of the model's list for it; model 1 serves when none is clearly
        better. Cases without a row in `examples` have no answer among their candidates. Empty
        when nobody can be asked.
    kind
        "trees" or "linear".
    linear_names
        Features of the linear ranker; the trees take all.
    repeat_weight
        Weight of repeat_interest in the blend whose reach the lists shall have.
    popularity_weight
        Exponent of 1 + interactions by which the lists favour popular products.
    tail
        How much of the long tail the lists shall show, as a multiple of what the blend's do.
    tail_cost
        Share of NDCG that this may cost, at most.
    min_cases
        With fewer users nothing is learned.
    purchase_weight, threads, **parameters
        Of `longtail.kernels.ranker.train_trees`.
    """
    users, sizes, draws = _cases(examples)
    models, cases, ndcgs = _model_gains(gains)
    fallback = _fallback(ndcgs) if models else 0
    serving = models[fallback] if models else None
    row: dict[str, Any] = {
        "ranker": kind,
        "is_used": False,
        "fallback": serving,
        "fallback_ndcg": float(ndcgs[:, fallback].mean()) if models else None,
        "cases": len(sizes),
        "examples": len(examples),
        "compared": [
            {"model": model, "ndcg": float(ndcg), "cases": len(ndcgs)}
            for model, ndcg in zip(models, ndcgs.mean(axis=0) if models else (), strict=True)
        ],
        "settings": json.dumps(
            {
                "min_cases": min_cases,
                "tail": tail,
                "tail_cost": tail_cost,
                "purchase_weight": purchase_weight,
            }
            | parameters,
            sort_keys=True,
        ),
    }
    folds = np.floor(draws / KEPT_ASIDE).astype(np.int64)
    if len(sizes) < min_cases or len(np.unique(folds)) < 2 or not (folds == 0).any():
        row["reason"] = (
            f"{len(sizes)} cases to learn from, of at least {min_cases}: "
            f"{serving or 'the first model'} serves"
        )
        return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)
    relevance = np.asarray(examples.column("relevance"))
    judged_folds = sorted(set(folds.tolist())) if len(sizes) <= CROSS_VALIDATED else [0]
    scores = np.zeros(len(examples))
    for fold in judged_folds:
        kept_aside = folds == fold
        rows_aside = np.repeat(kept_aside, sizes)
        columns, scores[rows_aside] = _learned(
            examples,
            relevance,
            sizes,
            kept_aside,
            kind=kind,
            linear_names=linear_names,
            purchase_weight=purchase_weight,
            threads=threads,
            **parameters,
        )
        if fold == 0:
            row |= columns
    # What follows looks at the users that are judged, each by a ranker not learned from them.
    judged = np.isin(folds, judged_folds)
    rows = np.repeat(judged, sizes)
    compared = np.isin(np.floor(cases["draw"] / KEPT_ASIDE).astype(np.int64), judged_folds)
    places = np.searchsorted(cases["user_key"], users[judged])
    scores, aside = scores[rows], examples.filter(pa.array(rows))
    products, is_tail = (np.asarray(aside.column(name)) for name in ("product_key", "is_tail"))

    def case_ndcgs(order: np.ndarray) -> np.ndarray:
        found = np.zeros(len(ndcgs))
        found[places] = discounted_gains(
            order, relevance[rows], sizes[judged], purchase_weight=purchase_weight
        )
        return (found / cases["ideal_gain"])[compared]

    def reach(order: np.ndarray) -> tuple[float, int]:
        return list_reach(order, sizes[judged], products, is_tail)

    columns = ["blend_score", "repeat_interest", "interactions_7", "interactions"]
    blend, repeats, recent, interactions = np.nan_to_num(floats(aside, columns)).T
    scores += popularity_weight * np.log1p(interactions)
    # Popularity orders what the blend does not know, as in the lists that it would serve.
    blend = blend.astype(np.float64) + repeat_weight * repeats + 1e-12 * recent
    row["dial"] = []
    for weight in TAIL_WEIGHTS:
        weighted = scores - weight * np.log1p(interactions)
        figures = (weight, float(case_ndcgs(weighted).mean()), *reach(weighted))
        row["dial"].append(
            dict(zip(("tail_weight", "ndcg", "tail_share", "products"), figures, strict=True))
        )
    chosen = _dial_setting(row["dial"], *(tail * figure for figure in reach(blend)), tail_cost)
    row |= {"tail_weight": chosen["tail_weight"], "ndcg": chosen["ndcg"]}
    others = ndcgs[compared, fallback]
    row["fallback_ndcg"] = float(others.mean())
    gain = case_ndcgs(scores - chosen["tail_weight"] * np.log1p(interactions)) - others
    row["is_used"] = _is_clearly_above_zero(gain)
    if row["is_used"]:
        # Whom the ranker has no order for gets a personal list all the same.
        row["fallback"] = models[0]
    row["reason"] = (
        f"NDCG@20 {row['ndcg']:.4f} for users it did not learn from, "
        f"{row['fallback_ndcg']:.4f} by {serving}: "
        f"{kind if row['is_used'] else serving} serves"
    )
    return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)


def _learned(
    examples: pa.Table,
    relevance: np.ndarray,
    sizes: np.ndarray,
    kept_aside: np.ndarray,
    *,
    kind: str,
    linear_names: list[str],
    purchase_weight: float,
    threads: int,
    **parameters: Any,
) -> tuple[dict[str, Any], np.ndarray]:
    """Return columns of `RANKER_SCHEMA` and the scores of the rows kept aside."""
    rows_aside = np.repeat(kept_aside, sizes)
    if kind == "trees":
        names = _features(examples.schema)
        features = floats(examples, names)
        trees = train_trees(
            features,
            relevance,
            sizes,
            kept_aside,
            names=names,
            purchase_weight=purchase_weight,
            threads=threads,
            **parameters,
        )
        scores = tree_scores(trees.text, features[rows_aside], threads=threads)
        return _tree_columns(trees, names), scores
    features = floats(examples, linear_names)
    linear = train_linear(
        features[~rows_aside],
        relevance[~rows_aside],
        sizes[~kept_aside],
        purchase_weight=purchase_weight,
    )
    weights = [
        {"feature": name, "weight": weight, "scale": scale}
        for name, weight, scale in zip(linear_names, linear.weights, linear.scales, strict=True)
    ]
    return {"features": weights}, linear_scores(linear, features[rows_aside])


def _model_gains(gains: pa.Table) -> tuple[list[str], dict[str, np.ndarray], np.ndarray]:
    """Return the models, columns of the cases in the order of user_key, and NDCG by case, model."""
    table = gains.sort_by([("model_number", "ascending"), ("user_key", "ascending")])
    models = list(dict.fromkeys(table.column("model").to_pylist()))
    count = len(table) // max(len(models), 1)
    cases = {
        name: np.asarray(table.column(name))[:count] for name in ("user_key", "draw", "ideal_gain")
    }
    ndcgs = np.asarray(table.column("ndcg")).reshape(max(len(models), 1), count).T
    return models, cases, ndcgs


def _fallback(ndcgs: np.ndarray) -> int:
    """Return the best model's number; 0, the first one's, unless another is clearly better."""
    best = int(np.argmax(ndcgs.mean(axis=0)))
    return best if _is_clearly_above_zero(ndcgs[:, best] - ndcgs[:, 0]) else 0


def _is_clearly_above_zero(differences: np.ndarray) -> bool:
    """Whether the mean is above its standard error; not so of fewer than two cases."""
    if len(differences) < 2:
        return False
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return bool(differences.mean() > error)


def _dial_setting(
    dial: Sequence[dict[str, float]], tail_share: float, products: float, cost: float
) -> dict[str, float]:
    """Return the most accurate setting that reaches as much; if none does, the farthest.

    Settings that cost more than a share of the best accuracy are left out.
    """
    best = max(setting["ndcg"] for setting in dial)
    cheap = [setting for setting in dial if setting["ndcg"] >= (1 - cost) * best]
    enough = [
        setting
        for setting in cheap
        if setting["tail_share"] >= tail_share and setting["products"] >= products
    ]
    return max(enough, key=lambda setting: setting["ndcg"]) if enough else cheap[-1]


def _cases(examples: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the users, the rows of each and the user's draw, in the order of the rows."""
    keys = np.asarray(examples.column("user_key"))
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
    sizes = np.diff(np.r_[starts, len(keys)])
    users, draws = (np.asarray(examples.column(name))[starts] for name in ("user_key", "draw"))
    return users, sizes, draws


def _tree_columns(found: TreeRanker, names: list[str]) -> dict[str, Any]:
    return {
        "model": found.text,
        "curve": found.curve.tolist(),
        "features": [
            {"feature": name, "gain": gain, "splits": splits}
            for name, gain, splits in zip(names, found.gains, found.splits, strict=True)
        ],
    }


def _features(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_float32(field.type)]


def score_table(
    candidates: pa.RecordBatchReader, ranker: pa.Table, *, threads: int
) -> pa.RecordBatchReader:
    """Score candidates by trees, batch by batch; none where trees are not used.

    Parameters
    ----------
    candidates
        Columns of `SCORE_SCHEMA` but the score, and features.
    ranker
        What `ranker_table` returned.
    threads
        Change nothing but the time.
    """
    names = _features(candidates.schema)
    text = ranker.column("model")[0].as_py() if ranker.column("is_used")[0].as_py() else None

    def scored() -> Iterator[pa.RecordBatch]:
        for batch in candidates if text else ():
            score = tree_scores(text, floats(batch, names), threads=threads)
            columns = [
                *(
                    batch.column(name).cast(SCORE_SCHEMA.field(name).type)
                    for name in SCORE_SCHEMA.names[:-1]
                ),
                pa.array(score),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=SCORE_SCHEMA)

    return pa.RecordBatchReader.from_batches(SCORE_SCHEMA, scored())
