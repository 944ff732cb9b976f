"""int_ranker and int_tree_scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longtail.kernels.ranker import (
    TreeRanker,
    linear_scores,
    list_reach,
    mean_ndcg,
    train_linear,
    train_trees,
    tree_scores,
)
from longtail.tables.columns import floats

RANKER_SCHEMA = pa.schema(
    {
        "ranker": pa.string(),
        "is_used": pa.bool_(),
        "reason": pa.string(),
        "cases": pa.int64(),
        "examples": pa.int64(),
        "ndcg": pa.float64(),
        "blend_ndcg": pa.float64(),
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


def ranker_table(
    examples: pa.Table,
    *,
    kind: str,
    linear_names: list[str],
    repeat_weight: float,
    tail: float,
    tail_cost: float,
    min_cases: int,
    purchase_weight: float,
    threads: int,
    **parameters: Any,
) -> pa.Table:
    """Learn to order candidates; one row, which says whether the order is to be used.

    Parameters
    ----------
    examples
        Columns user_key, product_key, draw (a number in [0, 1) per user), relevance, is_tail,
        blend_score and features, which alone are float32; rows of a user are together.
    kind
        "trees" or "linear".
    linear_names
        Features of the linear ranker; the trees take all.
    repeat_weight
        Weight of repeat_interest in the blend that the ranker has to beat.
    tail
        How much of the long tail the lists shall show, as a multiple of what the blend's do.
    tail_cost
        Share of NDCG that this may cost, at most.
    min_cases
        With fewer users nothing is learned.
    purchase_weight, threads, **parameters
        Of `longtail.kernels.ranker.train_trees`.
    """
    sizes, draws = _cases(examples)
    row: dict[str, Any] = {
        "ranker": kind,
        "is_used": False,
        "cases": len(sizes),
        "examples": len(examples),
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
    kept_aside = draws < KEPT_ASIDE
    if len(sizes) < min_cases or kept_aside.all() or not kept_aside.any():
        row["reason"] = f"{len(sizes)} cases to learn from, of at least {min_cases}"
        return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)
    relevance = np.asarray(examples.column("relevance"))
    rows_aside = np.repeat(kept_aside, sizes)

    def judged(scores: np.ndarray) -> float:
        return mean_ndcg(
            scores, relevance[rows_aside], sizes[kept_aside], purchase_weight=purchase_weight
        )

    names = _features(examples.schema)

    def reach(scores: np.ndarray) -> tuple[float, int]:
        return list_reach(scores, sizes[kept_aside], products, is_tail)

    aside = examples.filter(pa.array(rows_aside))
    products = np.asarray(aside.column("product_key"))
    is_tail = np.asarray(aside.column("is_tail"))
    if kind == "trees":
        names = _features(examples.schema)
        features = floats(examples, names)
        found = train_trees(
            features,
            relevance,
            sizes,
            kept_aside,
            names=names,
            purchase_weight=purchase_weight,
            threads=threads,
            **parameters,
        )
        row |= _tree_columns(found, names)
        scores = tree_scores(found.text, features[rows_aside], threads=threads)
    else:
        learned = examples.filter(pa.array(~rows_aside))
        linear = train_linear(
            floats(learned, linear_names),
            relevance[~rows_aside],
            sizes[~kept_aside],
            purchase_weight=purchase_weight,
        )
        row["features"] = [
            {"feature": name, "weight": weight, "scale": scale}
            for name, weight, scale in zip(linear_names, linear.weights, linear.scales, strict=True)
        ]
        scores = linear_scores(linear, floats(aside, linear_names))
    columns = ["blend_score", "repeat_interest", "interactions_7", "interactions"]
    blend, repeats, recent, interactions = np.nan_to_num(floats(aside, columns)).T
    # Popularity orders what the blend does not know, as in the lists that it would serve.
    blend = blend.astype(np.float64) + repeat_weight * repeats + 1e-12 * recent
    row["blend_ndcg"] = judged(blend)
    row["dial"] = []
    for weight in TAIL_WEIGHTS:
        weighted = scores - weight * np.log1p(interactions)
        figures = (weight, judged(weighted), *reach(weighted))
        row["dial"].append(
            dict(zip(("tail_weight", "ndcg", "tail_share", "products"), figures, strict=True))
        )
    chosen = _dial_setting(row["dial"], *(tail * figure for figure in reach(blend)), tail_cost)
    row |= {"tail_weight": chosen["tail_weight"], "ndcg": chosen["ndcg"]}
    row["is_used"] = row["ndcg"] >= row["blend_ndcg"]
    row["reason"] = (
        f"NDCG@20 {row['ndcg']:.4f} for users it did not learn from, "
        f"{row['blend_ndcg']:.4f} by the blend"
    )
    return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)


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


def _cases(examples: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each user and the user's draw, in the order of the rows."""
    users = np.asarray(examples.column("user_key"))
    starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]][: len(users)])
    sizes = np.diff(np.r_[starts, len(users)])
    return sizes, np.asarray(examples.column("draw"))[starts]


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
