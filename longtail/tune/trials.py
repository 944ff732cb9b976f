"""Trials of a search: dbt builds the lists of a slice, SQL scores them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.settings import PROJECT
from longtail.tune.halving import Budget, OutOfTimeError, Rung, Scores
from longtail.tune.slices import Slice, slice_vars

LISTS = ("+int_evaluated_recommendations", "+int_targets", "+int_serving")
TRAINED = (
    *("walks_deepwalk", "walks_node2vec", "embeddings_deepwalk", "embeddings_node2vec"),
    *("neighbours_deepwalk", "neighbours_node2vec", "successors_deepwalk"),
)
"""Models that a trial reuses as the start trained them; the verdict trains them again."""
SCORES = (Path(__file__).parent / "scores.sql").read_text(encoding="utf-8")


READ_BY_RUNS = frozenset(
    {
        *("columns", "reject_when", "events_sql", "event_tables", "csv_options"),
        *("timezone", "hash_user_ids", "earliest_event_at", "session_gap_minutes"),
        *("event_weights", "click_event_types", "purchase_event_types", "min_stay_seconds"),
        *("robot_clicks", "robot_purchases", "graph_cutoff", "holdout_days"),
        *("evaluation_users", "window"),
        *("half_life_days", "row_exponent", "rp3_groups", "rp3_group_size", "rp3_group_exponent"),
        *("rp3_alpha", "rp3_beta", "knn_groups", "trend_weight", "history_length"),
        *("history_half_life_days", "history_step_decay", "repeat_weight", "repeat_step_decay"),
    }
)
"""Vars that change nothing that dbt parses: trials that differ in these alone parse once."""

FILES = ("events", "targets")
"""Vars of which only their presence is parsed."""


class BuildError(Exception):
    """dbt failed; the message has the end of its log."""


def run_dbt(
    folder: Path,
    vars_: Mapping[str, Any],
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    seconds: float | None = None,
) -> None:
    """Run models in a warehouse of their own.

    Parameters
    ----------
    folder
        Gets the folder warehouse and dbt's logs; the parsed project goes beside it.
    vars_
        Vars of the command line.
    select, exclude
        dbt's selectors.
    seconds
        After so many the run is killed.

    Raises
    ------
    BuildError
        If it fails.
    OutOfTimeError
        If it is killed.
    """
    target = folder.parent / f"parsed_{parsed_as(vars_)}"
    for path in (folder, target):
        path.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "longtail.tune.engine", str(target / "partial_parse.msgpack")]
    command += ["run", "--no-use-colors", "--no-write-json", "--select", *select]
    command += ["--exclude", *exclude] if exclude else []
    command += ["--vars", json.dumps(vars_, default=str)]
    command += ["--target-path", str(target), "--log-path", str(folder / "logs")]
    log = folder / "build.log"
    with log.open("w", encoding="utf-8") as output:
        try:
            ended = subprocess.run(
                command,
                cwd=PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"LONGTAIL_WAREHOUSE": str(folder / "warehouse")},
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OutOfTimeError from error
    if ended.returncode:
        lines = log.read_text(encoding="utf-8").strip().splitlines()
        raise BuildError("\n".join(lines[-12:]))


def parsed_as(vars_: Mapping[str, Any]) -> str:
    """Return a text that is equal for vars with which dbt parses the same project."""
    parsed = {
        name: bool(value) if name in FILES else value
        for name, value in vars_.items()
        if name not in READ_BY_RUNS
    }
    text = json.dumps(parsed, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Trials:
    """Measurements on one slice, in one warehouse: a trial builds only what its vars change.

    Parameters
    ----------
    part
        The slice.
    given
        Every var that the user gives, preset included.
    folder
        Of the warehouse.
    budget
        Its time left bounds each run.
    """

    def __init__(self, part: Slice, given: Mapping[str, Any], folder: Path, budget: Budget) -> None:
        self.vars, self.folder, self.budget = slice_vars(given, part), folder, budget
        self.has_vectors = False
        self.targets = folder / "targets.parquet"

    def note_targets(self, exclude: str) -> int:
        """Build the targets that every trial is scored on; return their number of users."""
        run_dbt(
            self.folder,
            self.vars | {"exclude": exclude},
            ("+int_targets",),
            seconds=self.budget.left,
        )
        with duckdb.connect() as shop:
            keyed = f"""
                select user_keys.user_id, targets.user_key, targets.product_key
                from read_parquet('{self.table("int_targets")}') as targets
                join read_parquet('{self.table("int_user_keys")}') as user_keys
                    on targets.user_key = user_keys.user_key"""
            shop.execute(f"copy ({keyed} order by all) to '{_quoted(self.targets)}'")
            query = f"select count(distinct user_key) from read_parquet('{_quoted(self.targets)}')"
            return int(shop.execute(query).fetchall()[0][0])

    def measure(
        self, candidate: Mapping[str, Any], rung: Rung, is_last: bool = False
    ) -> dict[str, Scores]:
        """Build a candidate's lists; return the scores of the hybrid and of the served lists.

        Parameters
        ----------
        candidate
            Differences from the given vars.
        rung
            How many users, and whether the ranker is built.
        is_last
            Whether this is the last measurement: vectors are trained again where the vars ask for
            it, and it is finished even if it takes longer than was reserved for it.

        Raises
        ------
        BuildError
            If dbt fails.
        OutOfTimeError
            If there is no time left.
        """
        if self.budget.left <= 0 and not is_last:
            raise OutOfTimeError
        vars_ = self.vars | dict(candidate) | {"evaluation_users": rung.users}
        if not rung.is_served:
            vars_["ranker"] = "off"
        exclude = TRAINED if self.has_vectors and not is_last else ()
        seconds = None if is_last else self.budget.left
        run_dbt(self.folder, vars_, LISTS, exclude, seconds=seconds)
        self.has_vectors = True
        with duckdb.connect() as shop:
            models = {"hybrid": "hybrid"} | ({"served": "ranked"} if rung.is_served else {})
            return {name: self._scores(shop, model, rung) for name, model in models.items()}

    def _scores(self, shop: duckdb.DuckDBPyConnection, model: str, rung: Rung) -> Scores:
        files = {
            "targets": str(self.targets),
            "lists": self.table("int_evaluated_recommendations", quoted=False),
            "model": model,
            "users": rung.users,
        }
        found = shop.execute(SCORES, files).fetchnumpy()
        return Scores(
            found["recall"].astype(float), found["ndcg"].astype(float), float(found["products"][0])
        )

    def table(self, name: str, quoted: bool = True) -> str:
        """Path of a table's file, for use in SQL."""
        path = self.folder / "warehouse" / ".work" / f"{name}.parquet"
        return _quoted(path) if quoted else str(path)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
