"""Cases with a known answer for a ranker: the one of twelve candidates highest in a column."""

import numpy as np
import pyarrow as pa

from longtail.kernels.ranker import TreeRanker, binned, train_trees
from longtail.kernels.reach import placed
from longtail.tables.ranker import ranker_table

CASES, SIZE = 400, 12
LIFT = pa.table({"tail_lift": [1.0], "product_lift": [1.0]})
SIZES = np.full(CASES, SIZE)
SETTINGS = {
    "trees": 20,
    "leaves": 7,
    "learning_rate": 0.2,
    "purchase_weight": 2.0,
    "seed": 3,
}


def toy(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return three columns of noise; the candidate highest in the second one is taken."""
    random = np.random.default_rng(seed)
    features = random.random((CASES * SIZE, 3), dtype=np.float32)
    taken = features[:, 1].reshape(CASES, SIZE).argmax(axis=1) + np.arange(CASES) * SIZE
    relevance = np.zeros(CASES * SIZE, np.int64)
    relevance[taken] = 1
    features[::17, 0] = np.nan
    return features, relevance


def trained(threads: int = 1, **settings) -> TreeRanker:
    """Return trees that learned from four fifths of the toy's cases."""
    names = ["noise", "what decides", "more noise"]
    aside = np.arange(CASES) % 5 == 0
    return train_trees(
        binned(*toy(), SIZES, names=names, threads=threads),
        ~aside,
        aside,
        threads=threads,
        **(SETTINGS | settings),
    )


def examples(cases: int = CASES, blend: str = "noise", late: int = 0) -> pa.Table:
    """Return the toy as a table; the blend orders by noise or by the deciding column.

    The last `late` cases are late, and what is taken there has the least of what decided before.
    """
    features, relevance = toy()
    rows = cases * SIZE
    by = features[:rows, 1 if blend == "what decides" else 2]
    columns = {
        "user_key": pa.array(np.repeat(np.arange(cases), SIZE), pa.int32()),
        "draw": np.repeat(np.arange(cases) % 10 / 10, SIZE),
        "is_late": np.repeat(np.arange(cases) >= cases - late, SIZE),
        "relevance": relevance[:rows],
        "product_key": pa.array(np.arange(rows) % 100, pa.int32()),
        "is_tail": np.arange(rows) % 100 >= 50,
        "interactions": np.where(np.arange(rows) % 100 >= 50, 1, 9).astype(np.float32),
        "blend_place": pa.array(placed(by, SIZES[:cases]) + 1, pa.int32()),
        "noise": features[:rows, 0],
        "what_decides": features[:rows, 1] if blend == "noise" else features[:rows, 2],
        "repeat_interest": np.zeros(rows, np.float32),
        "interactions_7": np.zeros(rows, np.float32),
    }
    if late:
        changed = np.flatnonzero(columns["is_late"])
        least = features[changed, 1].reshape(late, SIZE).argmin(axis=1)
        columns["relevance"][changed] = 0
        columns["relevance"][changed[0] + np.arange(late) * SIZE + least] = 1
    return pa.table(columns)


def gains(cases: int = CASES, late: int = 0, **ndcgs: float) -> pa.Table:
    """Return a row per case and model, with lists of the given quality; ideal lists gain 1."""
    ndcgs = ndcgs or {"counted": 0.3, "covisit": 0.2}
    numbers = np.repeat(np.arange(1, len(ndcgs) + 1), cases)
    users = np.tile(np.arange(cases), len(ndcgs))
    return pa.table(
        {
            "user_key": pa.array(users, pa.int32()),
            "model": np.asarray(list(ndcgs))[numbers - 1],
            "model_number": numbers,
            "draw": users % 10 / 10,
            "is_late": users >= cases - late,
            "ideal_gain": np.ones(len(users)),
            "ndcg": np.repeat(np.asarray(list(ndcgs.values())), cases),
        }
    )


def learned(
    table: pa.Table,
    kind: str = "trees",
    min_cases: int = 100,
    reach: float = 0,
    compared: pa.Table | None = None,
) -> dict:
    """Return the one row of int_ranker."""
    found = ranker_table(
        table,
        gains() if compared is None else compared,
        LIFT,
        kind=kind,
        linear_names=["noise", "what_decides"],
        interactions_exponent=0,
        reach=reach,
        min_cases=min_cases,
        threads=1,
        **SETTINGS,
    )
    assert len(found) == 1
    return found.to_pylist()[0]
