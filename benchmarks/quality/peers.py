"""Recommend with implicit, in its own environment: ``peers.py PEER FOLDER``.

Reads interactions.parquet (the training data), histories.parquet (of each user with targets) and
excluded.parquet; writes peer_<PEER>.parquet (user_id, product_id, rank).
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from scipy import sparse
from threadpoolctl import threadpool_limits

TOP = 20
BLOCK = 1024
# One setting for every set; none was tuned.
PEERS = {
    "als": lambda: AlternatingLeastSquares(
        factors=64, regularization=0.05, iterations=15, num_threads=2, random_state=42
    ),
    "bpr": lambda: BayesianPersonalizedRanking(
        factors=64, iterations=100, num_threads=2, random_state=42
    ),
    "cosine": lambda: CosineRecommender(K=100, num_threads=2),
    "bm25": lambda: BM25Recommender(K=100, K1=1.2, B=0.75, num_threads=2),
}


def main() -> None:
    """Fit, recommend and write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    with threadpool_limits(1, "blas"):  # implicit has threads of its own
        users, products, best = recommend(options.peer, options.folder)
    rows, places = np.nonzero(best >= 0)
    lists = pa.table(
        {
            "user_id": users.take(pa.array(rows)),
            "product_id": products.take(pa.array(best[rows, places])),
            "rank": pa.array(places + 1, pa.int32()),
        }
    )
    pq.write_table(lists, options.folder / f"peer_{options.peer}.parquet")


def recommend(peer: str, folder: Path) -> tuple[pa.Array, pa.Array, np.ndarray]:
    """Return the target users, all products, and a row of TOP product numbers (or -1) per user."""
    tables = {
        name: pq.read_table(folder / f"{name}.parquet")
        for name in ("interactions", "histories", "excluded")
    }
    products = pa.concat_tables([tables["interactions"], tables["histories"]])["product_id"]
    products = products.combine_chunks().unique()
    asked = tables["histories"]["user_id"].combine_chunks().unique()

    def matrix(name: str, users: pa.Array) -> sparse.csr_matrix:
        table = tables[name]
        rows = pc.index_in(table["user_id"], value_set=users)
        columns = pc.index_in(table["product_id"], value_set=products)
        kept = pc.and_(rows.is_valid(), columns.is_valid())
        rows, columns = (np.asarray(part.filter(kept)) for part in (rows, columns))
        ones = np.ones(len(rows), dtype=np.float32)
        shape = (len(users), len(products))
        counted = sparse.csr_matrix((ones, (rows, columns)), shape=shape)
        counted.data[:] = 1  # a product counts once per user
        return counted

    known, excluded = matrix("histories", asked), matrix("excluded", asked)
    model = PEERS[peer]()
    if peer == "bpr":
        # It cannot score users that it was not fitted on, so it also trains on the histories.
        learners = pa.concat_arrays(
            [asked, _others(tables["interactions"]["user_id"].combine_chunks().unique(), asked)]
        )
        learned = matrix("interactions", learners) + matrix("histories", learners)
        learned.data[:] = 1
    else:
        learners = tables["interactions"]["user_id"].combine_chunks().unique()
        learned = matrix("interactions", learners)
    model.fit(learned, show_progress=False)
    if peer == "als":
        vectors = model.recalculate_user(np.arange(len(asked)), known)
    elif peer == "bpr":
        vectors = model.user_factors[: len(asked)]
    best = np.full((len(asked), TOP), -1)
    for first in range(0, len(asked), BLOCK):
        rows = slice(first, first + BLOCK)
        if peer in ("als", "bpr"):
            scores = vectors[rows] @ model.item_factors.T
            floor = -np.inf
        else:
            scores = (known[rows] @ model.similarity).toarray()
            floor = 0  # no common user: no candidate
        scores[excluded[rows].nonzero()] = -np.inf
        top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
        found = np.take_along_axis(scores, top, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        top, found = np.take_along_axis(top, order, 1), np.take_along_axis(found, order, 1)
        best[rows] = np.where(found > floor, top, -1)
    return asked, products, best


def _others(users: pa.Array, taken: pa.Array) -> pa.Array:
    return users.filter(pc.invert(pc.is_in(users, value_set=taken)))


if __name__ == "__main__":
    main()
