"""Recommend with irspack after its own search, in its own environment.

``searched_peer.py FOLDER --minutes MINUTES`` reads interactions.parquet, histories.parquet and
excluded.parquet of FOLDER, and these and targets.parquet of FOLDER/search, a slice of the training
history; the search reads nothing else. Writes peer_irspack.parquet (user_id, product_id, rank) and
prints what was found.
"""

import argparse
import time
from pathlib import Path

import irspack
import numpy as np
import optuna
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from optuna.samplers import TPESampler
from scipy import sparse

TOP = 20
BLOCK = 512
# A matrix of products by products must fit in memory.
MOST_PRODUCTS_OF_DENSE = 8000
ALGORITHMS = ("RP3beta", "AsymmetricCosineKNN", "TverskyIndexKNN", "IALS", "DenseSLIM")


class Split:
    """Interactions, histories and exclusions of one folder, as matrices of users by products."""

    def __init__(self, folder: Path) -> None:
        def table(name: str) -> pa.Table:
            return pq.read_table(folder / f"{name}.parquet")

        self.interactions, histories = table("interactions"), table("histories")
        self.products = self.interactions["product_id"].combine_chunks().unique()
        self.users = histories["user_id"].combine_chunks().unique()
        learners = self.interactions["user_id"].combine_chunks().unique()
        self.learned = self.matrix(self.interactions, learners)
        self.known = self.matrix(histories, self.users)
        self.excluded = self.matrix(table("excluded"), self.users)

    def matrix(self, table: pa.Table, users: pa.Array) -> sparse.csr_matrix:
        """Return ones at a table's pairs, shape (users, products)."""
        rows = pc.index_in(table["user_id"], value_set=users)
        columns = pc.index_in(table["product_id"], value_set=self.products)
        kept = pc.and_(rows.is_valid(), columns.is_valid())
        rows, columns = (np.asarray(part.filter(kept)) for part in (rows, columns))
        shape = (len(users), len(self.products))
        return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def main() -> None:
    """Search, fit the best, recommend and write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=15, help="processor time of the search")
    options = parser.parse_args()
    algorithm, parameters = search(options.folder / "search", 60 * options.minutes)
    split = Split(options.folder)
    model = getattr(irspack, f"{algorithm}Recommender")(split.learned, **parameters).learn()
    users, products, ranks = [], [], []
    for first in range(0, len(split.users), BLOCK):
        rows = slice(first, first + BLOCK)
        scores = np.asarray(model.get_score_cold_user(split.known[rows]))
        scores[split.excluded[rows].nonzero()] = -np.inf
        if "KNN" in algorithm or algorithm == "RP3beta":
            scores[scores <= 0] = -np.inf  # no common user: no candidate
        top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
        best = np.take_along_axis(scores, top, axis=1)
        order = np.argsort(-best, axis=1, kind="stable")
        top, best = np.take_along_axis(top, order, axis=1), np.take_along_axis(best, order, axis=1)
        found, places = np.nonzero(best > -np.inf)
        users.append(found + first)
        products.append(top[found, places])
        ranks.append(places + 1)
    lists = pa.table(
        {
            "user_id": split.users.take(pa.array(np.concatenate(users))),
            "product_id": split.products.take(pa.array(np.concatenate(products))),
            "rank": pa.array(np.concatenate(ranks), pa.int32()),
        }
    )
    pq.write_table(lists, options.folder / "peer_irspack.parquet")


def search(folder: Path, seconds: float) -> tuple[str, dict]:
    """Return the algorithm and parameters with the best NDCG@20 on the slice.

    Each algorithm gets the same share of the processor time for irspack's own `tune`, in its own
    ranges.
    """
    split = Split(folder)
    evaluator = irspack.EvaluatorWithColdUser(
        split.known,
        split.matrix(pq.read_table(folder / "targets.parquet"), split.users),
        cutoff=TOP,
        target_metric="ndcg",
        masked_interactions=split.excluded,
        mb_size=BLOCK,
    )
    is_small = len(split.products) <= MOST_PRODUCTS_OF_DENSE
    algorithms = [name for name in ALGORITHMS if is_small or name != "DenseSLIM"]
    best, best_score = ("", {}), -1.0
    for algorithm in algorithms:
        begun, study = time.process_time(), optuna.create_study(sampler=TPESampler(seed=42))
        while (spent := time.process_time() - begun) < seconds / len(algorithms):
            parameters, trials = getattr(irspack, f"{algorithm}Recommender").tune(
                split.learned, evaluator, study=study, n_trials=1
            )
        score = float(trials["ndcg@20"].max())
        print(
            f"{algorithm}: {len(trials)} trials, {spent:.0f} CPU s, "
            f"NDCG@20 {score:.4f}, {parameters}",
            flush=True,
        )
        if score > best_score:
            best, best_score = (algorithm, parameters), score
    return best


if __name__ == "__main__":
    main()
