"""int_ranker and int_tree_scores: the learned ranker, what serves, and candidates' scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa

from longtail.kernels.ranker import (
    LinearRanker,
    TreeRanker,
    binned,
    discounted_gains,
    linear_scores,
    train_linear,
    train_trees,
    tree_scores,
)
from longtail.tables.columns import floats
from longtail.tables.reach import LEAST_REACH, ListedCases, dial

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
        "exposure_floor": pa.float64(),
        "reach": pa.float64(),
        "dial": pa.list_(
            pa.struct(
                {
                    "tail_weight": pa.float64(),
                    "exposure_floor": pa.float64(),
                    "ndcg": pa.float64(),
                    "tail_share": pa.float64(),
                    "products": pa.int64(),
                    "reach": pa.float64(),
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
        "blend_place": pa.int32(),
        "score": pa.float64(),
    }
)
KEPT_ASIDE = 0.2
"""Share of the users held out from training."""
FEWEST_COMPARED = 10
"""With fewer cases the first model serves."""
CROSS_VALIDATED = 5000
"""Up to this many cases all are judged, fold by fold; above, one fold is enough."""


def ranker_table(
    examples: pa.Table,
    gains: pa.Table,
    blend_lift: pa.Table,
    *,
    kind: str,
    linear_names: list[str],
    interactions_exponent: float,
    reach: float,
    min_cases: int,
    **parameters: Any,
) -> pa.Table:
    """Train a ranker and choose the list that serves; one row.

    The number of trees and the dial are chosen on held-out users; whether they serve, on the cases
    of a later time slice, if there are several slices. The ranker that serves is trained on all
    cases.

    Parameters
    ----------
    examples
        Columns user_key, product_key, draw (a number in [0, 1) per user), is_late (whether the case
        is of the latest slice), relevance, is_tail, blend_place (from 1) and features, which
        alone are float32; rows of a user are contiguous, users in ascending order.
    gains
        Columns user_key, model, model_number, draw, is_late, ideal_gain and ndcg: one row per model
        and case with an answer, with the NDCG@20 of the model's list; model 1 serves unless another
        is clearly better. Cases without a row in `examples` have no answer among their candidates.
        Empty when there are no cases.
    blend_lift
        One row: tail_lift and product_lift, the `lifts` of `longtail.tables.reach.dial`.
    kind
        "trees" or "linear".
    linear_names
        Features of the linear ranker; the trees use all.
    interactions_exponent
        Exponent of 1 + interactions by which the lists favour popular products.
    reach
        Of `longtail.tables.reach.dial`.
    min_cases
        With fewer users nothing is trained, and another model than the first needs more evidence.
    **parameters
        Of `longtail.kernels.ranker.train_trees`.
    """
    users, sizes, draws, is_late = _cases(examples)
    models, cases, ndcgs = _model_gains(gains)
    fallback = _fallback(ndcgs, min_cases)
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
            {name: value for name, value in parameters.items() if name != "threads"}
            | {"min_cases": min_cases, "reach": reach},
            sort_keys=True,
        ),
    }
    folds = _folds(draws)
    if len(sizes) < min_cases or len(np.unique(folds)) < 2 or not (folds == 0).any():
        row["reason"] = (
            f"{len(sizes)} cases to learn from, of at least {min_cases}: "
            f"{serving or 'the first model'} serves"
        )
        return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)

    learner = Learner(examples, sizes, kind=kind, linear_names=linear_names, **parameters)
    # Half of the required cases suffice to judge what training on all would bring.
    is_enough = 2 * (~is_late).sum() >= min_cases and len(np.unique(folds[~is_late])) == 5
    has_later = is_late.any() and is_enough
    early = ~is_late if has_later else np.ones(len(sizes), bool)
    judged_folds = range(5) if early.sum() <= CROSS_VALIDATED else range(1)
    judged = early & np.isin(folds, judged_folds)
    scores, row["curve"] = learner.out_of_fold(folds, early, judged)
    every, none = np.ones(len(sizes), bool), np.zeros(len(sizes), bool)
    serves, *of_early = learner.learned([(every, none)] + [(early, none)] * bool(has_later))
    row |= learner.columns(serves)

    by_interactions = interactions_exponent * np.log1p(
        np.nan_to_num(floats(examples, ["interactions"]))
    )
    scores += by_interactions[:, 0]
    aside = ListedCases.of(examples, sizes, judged, scores)

    def case_ndcgs(listed: ListedCases, places: np.ndarray, asked: np.ndarray) -> np.ndarray:
        found = np.zeros(len(ndcgs))
        found[np.searchsorted(cases["user_key"], users[listed.cases])] = discounted_gains(
            -places, listed.relevance, listed.sizes, purchase_weight=parameters["purchase_weight"]
        )
        return (found / cases["ideal_gain"])[asked]

    in_folds = np.isin(_folds(cases["draw"]), judged_folds)
    asked = in_folds & ~cases["is_late"] if has_later else in_folds
    setting, dialled = dial(
        aside,
        reach,
        lambda places: float(case_ndcgs(aside, places, asked).mean()),
        tuple(blend_lift.column(name)[0].as_py() for name in ("tail_lift", "product_lift")),
    )
    row |= dialled
    if has_later:
        scores = learner.scores(of_early[0], is_late) + by_interactions[:, 0]
        aside, asked = ListedCases.of(examples, sizes, is_late, scores), cases["is_late"]
    reached, others = case_ndcgs(aside, aside.places(setting), asked), ndcgs[asked, fallback]
    row["ndcg"], row["fallback_ndcg"] = float(reached.mean()), float(others.mean())
    is_held = row["reach"] >= LEAST_REACH * reach
    row["is_used"] = is_held and _is_above_zero(reached - others, errors=1)
    if row["is_used"]:
        # Users without a ranked list still get a personal one.
        row["fallback"] = models[0]
    asked_later = " later" if has_later else ""
    row["reason"] = (
        f"NDCG@20 {row['ndcg']:.4f} for users it did not learn from{asked_later}, "
        f"{row['fallback_ndcg']:.4f} by {serving}"
        + ("" if is_held else f"; its lists reach {row['reach']:.2f} of what the blend's do")
        + f": {kind if row['is_used'] else serving} serves"
    )
    return pa.Table.from_pylist([row], schema=RANKER_SCHEMA)


class Learner:
    """Rankers of one kind, each trained on some of the cases."""

    def __init__(
        self,
        examples: pa.Table,
        sizes: np.ndarray,
        *,
        kind: str,
        linear_names: list[str],
        purchase_weight: float,
        threads: int,
        trees: int,
        **parameters: Any,
    ) -> None:
        self.names = _features(examples.schema) if kind == "trees" else linear_names
        self.features = floats(examples, self.names)
        self.relevance = np.asarray(examples.column("relevance"))
        self.sizes, self.kind, self.threads, self.trees = sizes, kind, threads, trees
        self.purchase_weight, self.parameters = purchase_weight, parameters
        if kind == "trees":
            self.binned = binned(
                self.features, self.relevance, sizes, names=self.names, threads=threads
            )

    def out_of_fold(
        self, folds: np.ndarray, early: np.ndarray, judged: np.ndarray
    ) -> tuple[np.ndarray, list[float]]:
        """Return out-of-fold scores of the judged cases' rows, and the curve.

        The curve is the folds' mean NDCG after each tree, up to its maximum, which sets the number
        of trees of all later rankers. Empty for the linear ranker.
        """
        scores = np.zeros(len(self.relevance))
        asides = [early & (folds == fold) for fold in np.unique(folds[judged])]
        rankers = self.learned([(early & ~aside, aside) for aside in asides])
        curve: list[float] = []
        if self.kind == "trees":
            # Folds count equally: random draws make them about equally large.
            mean = np.mean([found.curve for found in rankers], axis=0)
            self.trees = int(np.argmax(mean)) + 1
            curve = mean[: self.trees].tolist()
        for aside, found in zip(asides, rankers, strict=True):
            scores += self.scores(found, aside)
        return scores, curve

    def learned(
        self, asked: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> list[TreeRanker | LinearRanker]:
        """Return a ranker for each pair of training cases and validation cases.

        Several train at once, each in its own thread: threads that share the few rows of one tree
        mostly wait for each other.
        """
        at_once = max(1, min(self.threads, len(asked)))
        with ThreadPoolExecutor(at_once) as pool:
            return list(
                pool.map(lambda cases: self._learned(*cases, self.threads // at_once), asked)
            )

    def scores(self, found: TreeRanker | LinearRanker, judged: np.ndarray) -> np.ndarray:
        """Return a ranker's scores for the rows of judged cases; 0 for other rows."""
        scores, rows = np.zeros(len(self.relevance)), np.repeat(judged, self.sizes)
        if isinstance(found, TreeRanker):
            scores[rows] = tree_scores(
                found.text, self.features[rows], threads=self.threads, trees=self.trees
            )
        else:
            scores[rows] = linear_scores(found, self.features[rows])
        return scores

    def columns(self, found: TreeRanker | LinearRanker) -> dict[str, Any]:
        """Return columns of `RANKER_SCHEMA` for the ranker that serves."""
        if isinstance(found, TreeRanker):
            kinds, figures = ("gain", "splits"), (found.gains, found.splits)
        else:
            kinds, figures = ("weight", "scale"), (found.weights, found.scales)
        features = [
            {"feature": name, **dict(zip(kinds, values, strict=True))}
            for name, *values in zip(self.names, *figures, strict=True)
        ]
        return {"features": features} | ({"model": found.text} if self.kind == "trees" else {})

    def _learned(
        self, learned: np.ndarray, judged: np.ndarray, threads: int
    ) -> TreeRanker | LinearRanker:
        if self.kind == "trees":
            return train_trees(
                self.binned,
                learned,
                judged,
                trees=self.trees,
                purchase_weight=self.purchase_weight,
                threads=threads,
                **self.parameters,
            )
        rows = np.repeat(learned, self.sizes)
        return train_linear(
            self.features[rows],
            self.relevance[rows],
            self.sizes[learned],
            purchase_weight=self.purchase_weight,
        )


def _model_gains(gains: pa.Table) -> tuple[list[str], dict[str, np.ndarray], np.ndarray]:
    """Return the models, case columns in order of user_key, and NDCG by case and model."""
    table = gains.sort_by([("model_number", "ascending"), ("user_key", "ascending")])
    models = list(dict.fromkeys(table.column("model").to_pylist()))
    count = len(table) // max(len(models), 1)
    cases = {
        name: np.asarray(table.column(name))[:count]
        for name in ("user_key", "draw", "is_late", "ideal_gain")
    }
    ndcgs = np.asarray(table.column("ndcg")).reshape(max(len(models), 1), count).T
    return models, cases, ndcgs


def _fallback(ndcgs: np.ndarray, min_cases: int) -> int:
    """Return the index of the best model; 0, the first, unless another is clearly better.

    Clearly means by two standard errors: the best of several is more often better by chance. With
    fewer than `min_cases`, by three, since an error of few cases is itself uncertain.
    """
    if len(ndcgs) < FEWEST_COMPARED:
        return 0
    errors = 2 if len(ndcgs) >= min_cases else 3
    best = int(np.argmax(ndcgs.mean(axis=0)))
    return best if _is_above_zero(ndcgs[:, best] - ndcgs[:, 0], errors=errors) else 0


def _is_above_zero(differences: np.ndarray, errors: float) -> bool:
    """Whether the mean exceeds so many standard errors; False below two cases."""
    if len(differences) < 2:
        return False
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return bool(differences.mean() > errors * error)


def _folds(draws: np.ndarray) -> np.ndarray:
    return np.floor(draws / KEPT_ASIDE).astype(np.int64)


def _cases(examples: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return users, their row counts, draws and whether they are late, in row order."""
    keys = np.asarray(examples.column("user_key"))
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
    sizes = np.diff(np.r_[starts, len(keys)])
    users, draws, is_late = (
        np.asarray(examples.column(name))[starts] for name in ("user_key", "draw", "is_late")
    )
    return users, sizes, draws, is_late


def _features(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_float32(field.type)]


def score_table(
    candidates: pa.RecordBatchReader, ranker: pa.Table, *, threads: int
) -> pa.RecordBatchReader:
    """Score candidates by trees, batch by batch; empty when trees are not used.

    Parameters
    ----------
    candidates
        Columns of `SCORE_SCHEMA` but the score, and features.
    ranker
        What `ranker_table` returned.
    threads
        Affect only the run time.
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
