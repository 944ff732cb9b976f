"""Recommend to all users with one peer, in the peers' environment: ``peer.py PEER FOLDER``.

Reads events.parquet (user_id, session_id, product_id, event_at, weight), the cleaned history before
the cut, and purchased.parquet (user_id, product_id), which is not recommended again; writes
lists_<PEER>.parquet (user_id, product_id, rank).
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from scipy import sparse

TOP = 20
SPARE = 20
"""More places, since purchased products are taken out afterwards."""
BLOCK = 512
USERS_AT_ONCE = 50_000
RECENT, NEIGHBOURS, HOURS = 30, 40, 24
"""Of co-visitation: last events of a session, products kept per product, largest distance."""


def main() -> None:
    """Fit, recommend and write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    events = pl.read_parquet(options.folder / "events.parquet")
    scored = PEERS[options.peer](events)
    purchased = pl.read_parquet(options.folder / "purchased.parquet")
    lists = (
        scored.join(purchased, on=["user_id", "product_id"], how="anti")
        .sort("user_id", "score", "product_id", descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("user_id"))
        .filter(pl.col("rank") <= TOP)
        .select("user_id", "product_id", pl.col("rank").cast(pl.Int32))
    )
    lists.write_parquet(options.folder / f"lists_{options.peer}.parquet")


class Matrix:
    """Ones at each user's products, shape (users, products), and the ids of both."""

    def __init__(self, events: pl.DataFrame) -> None:
        pairs = events.select("user_id", "product_id").unique(maintain_order=True)
        self.users, self.products = (
            pairs[name].unique().sort() for name in ("user_id", "product_id")
        )
        rows, columns = (
            (pairs[name].rank("dense") - 1).to_numpy() for name in ("user_id", "product_id")
        )
        self.ones = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)),
            shape=(len(self.users), len(self.products)),
        )

    def lists(self, rows: np.ndarray, columns: np.ndarray, scores: np.ndarray) -> pl.DataFrame:
        """Name users and products by their ids."""
        return pl.DataFrame(
            {
                "user_id": self.users.gather(rows),
                "product_id": self.products.gather(columns),
                "score": scores,
            }
        )


def by_implicit(events: pl.DataFrame, model) -> pl.DataFrame:
    """Fit one of implicit's models and ask it for all users."""
    from threadpoolctl import threadpool_limits

    matrix = Matrix(events)
    with threadpool_limits(1, "blas"):  # implicit has threads of its own
        model.fit(matrix.ones, show_progress=False)
        found, scores = model.recommend(
            np.arange(len(matrix.users)),
            matrix.ones,
            N=TOP + SPARE,
            filter_already_liked_items=False,
        )
    rows, places = np.nonzero(found >= 0)
    return matrix.lists(rows, found[rows, places], scores[rows, places])


def als(events: pl.DataFrame) -> pl.DataFrame:
    """Alternating least squares (Hu, Koren, Volinsky 2008)."""
    from implicit.als import AlternatingLeastSquares

    return by_implicit(
        events,
        AlternatingLeastSquares(
            factors=64, regularization=0.05, iterations=15, num_threads=2, random_state=42
        ),
    )


def cosine(events: pl.DataFrame) -> pl.DataFrame:
    """Nearest products by the cosine of their users."""
    from implicit.nearest_neighbours import CosineRecommender

    return by_implicit(events, CosineRecommender(K=100, num_threads=2))


def rp3beta(events: pl.DataFrame) -> pl.DataFrame:
    """RP3beta (Paudel et al. 2016) by irspack."""
    from irspack import RP3betaRecommender

    matrix = Matrix(events)
    model = RP3betaRecommender(matrix.ones.astype(np.float64), alpha=1.0, beta=0.6, top_k=100)
    model.learn()
    parts = []
    for first in range(0, len(matrix.users), BLOCK):
        scores = np.asarray(model.get_score_block(first, min(first + BLOCK, len(matrix.users))))
        top = np.argpartition(-scores, TOP + SPARE, axis=1)[:, : TOP + SPARE]
        best = np.take_along_axis(scores, top, axis=1)
        rows, places = np.nonzero(best > 0)
        parts.append(matrix.lists(rows + first, top[rows, places], best[rows, places]))
    return pl.concat(parts)


def covisitation(events: pl.DataFrame) -> pl.DataFrame:
    """Count products of one session within a day of each other, as session contests do."""
    recent = (
        events.sort("session_id", "event_at", descending=[False, True])
        .group_by("session_id", maintain_order=True)
        .head(RECENT)
    )
    pairs = (
        recent.lazy()
        .join(recent.lazy(), on="session_id", suffix="_next")
        .filter(
            (pl.col("product_id") != pl.col("product_id_next"))
            & ((pl.col("event_at") - pl.col("event_at_next")).abs() <= pl.duration(hours=HOURS))
        )
        .unique(["session_id", "product_id", "product_id_next"])
        .group_by("product_id", "product_id_next")
        .agg(times=pl.col("weight_next").sum())
        .collect(engine="streaming")
    )
    pairs = (
        pairs.sort("product_id", "times", "product_id_next", descending=[False, True, False])
        .group_by("product_id", maintain_order=True)
        .head(NEIGHBOURS)
    )
    history = events.group_by("user_id", "product_id").agg(weight=pl.col("weight").max())
    users = history["user_id"].unique(maintain_order=True)
    parts = []
    for first in range(0, len(users), USERS_AT_ONCE):
        some = history.filter(
            pl.col("user_id").is_in(users[first : first + USERS_AT_ONCE].implode())
        )
        parts.append(
            some.join(pairs, on="product_id")
            .group_by("user_id", "product_id_next")
            .agg(score=(pl.col("weight") * pl.col("times")).sum())
            .rename({"product_id_next": "product_id"})
            .sort("user_id", "score", "product_id", descending=[False, True, False])
            .group_by("user_id", maintain_order=True)
            .head(TOP + SPARE)
        )
    return pl.concat(parts)


PEERS = {"als": als, "cosine": cosine, "rp3beta": rp3beta, "covisitation": covisitation}


if __name__ == "__main__":
    main()
