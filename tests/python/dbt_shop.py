"""A shop whose dbt runs in this process, and the whole build of demo events by the command."""

import csv
import fcntl
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import duckdb
from quick_dbt import hears_no_debug, quicken_dbt

ROOT = Path(__file__).resolve().parents[2]
HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
).split(",")


quicken_dbt()


class RunningTest:
    """State of the running test."""

    is_quick = False


@dataclass
class Outcome:
    """Result of a dbt command, and the lines that its user saw."""

    is_good: bool
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def end(self) -> str:
        """The last lines, which a user reads first."""
        return "\n".join([line for line in self.lines if line.strip()][-12:])


class Parsed:
    """The parsed project by its vars: a third of a small build's time is parsing."""

    folder: Path
    """Where the processes that run tests keep it for each other, pickled."""

    here: ClassVar[dict[str, bytes]] = {}
    """What this process has read or written."""


UNWRITTEN = ["--no-write-json"]
"""Of commands whose results and manifest nothing reads."""
FILES = ("events", "catalogue", "impressions", "hidden", "allowed")
"""Vars that name files; whether they are set may decide which models exist."""
READ_BY_RUNS = {
    **{"append_events": True, "lookback_days": 2, "columns": {"price": "cost"}, "timezone": "UTC"},
    **{"csv_options": {"delim": ";"}, "events_sql": "from x", "event_tables": ["x"]},
    **{"null_texts": ["x"], "hash_user_ids": True, "reject_when": "false", "day_share": 0.2},
    **{"earliest_event_at": "2024-01-03", "shown_at": "2024-01-01", "graph_cutoff": "2024-01-01"},
    **{"holdout_days": 2},
    **{"event_weights": {"look": 1}, "click_event_types": [], "purchase_event_types": []},
    **{"session_gap_minutes": 60, "min_stay_seconds": 0, "robot_clicks": 2, "robot_purchases": 5},
    **{"window": 2, "half_life_days": 7, "exclude": "seen", "repeat_weight": 0.3, "rp3_beta": 0.2},
    **{"rp3_groups": "sessions", "rp3_group_size": 9, "rp3_group_exponent": 0.5, "rp3_alpha": 2},
    **{"row_exponent": 1.1, "knn_groups": 9, "trend_weight": 0.1, "history_length": 9},
    **{"history_half_life_days": 9, "history_step_decay": 0.5, "repeat_step_decay": 0.5},
    **{"evaluation_users": 9},
    **{"recommendations": 7, "terms_per_batch": 9, "bootstrap_samples": 3},
}
"""Vars that affect no config, ref or test, each with a non-default value."""


def parsed_for(vars: dict, options: list[str]):
    """Return the project as parsed for vars, ignoring which files they name; None on failure.

    Returns a new copy each time: a run stores what it compiled in it.
    """
    from dbt.cli.main import dbtRunner

    known = {
        name: bool(value) if name in FILES else value
        for name, value in vars.items()
        if name not in READ_BY_RUNS and not name.startswith("gate_")
    }
    given = json.dumps(known, sort_keys=True)
    if given not in Parsed.here:
        kept = Parsed.folder / f"parsed {hashlib.sha256(given.encode()).hexdigest()}"
        with open(f"{kept} lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                text = json.dumps(vars, ensure_ascii=False)
                command = ["parse", *options, *UNWRITTEN, "--vars", text]
                manifest = dbtRunner().invoke(command).result
                if manifest is None:
                    return None
                kept.write_bytes(pickle.dumps(manifest))
        Parsed.here[given] = kept.read_bytes()
    return pickle.loads(Parsed.here[given])


RANKED_VARS = {
    **{"demo_events": 10000, "ranker": "trees", "ranker_min_cases": 20},
    "repeat_weight": 0,  # few cases make no trees that exceed lists with repeats
    **{"walks_per_node": 2, "walk_length": 6, "dimensions": 8},
}
"""Of a small demo shop with a ranker."""


class Shop:
    """One warehouse and one events file; tests replace its content between builds.

    The project is parsed once per set of vars, not per build.
    """

    def __init__(self, folder: Path) -> None:
        # Names that would break unquoted SQL, Jinja or shell.
        self.warehouse = folder / "ware; house & söns"
        self.events = folder / "it's {{ log }};\n--😀 [1]*.csv"
        self.target = folder / "target"
        # An outcome has its lines: they are neither printed nor logged.
        quiet = ["--log-level", "none", "--log-level-file", "none"]
        self.options = ["--target-path", str(self.target), *quiet]
        self.vars = {
            "events": str(self.events),
            "walks_per_node": 2,
            "walk_length": 6,
            "dimensions": 8,
            "epochs": 1,
            "bootstrap_samples": 2,
            "map_products": 0,
            # Too few users to train a ranker; the whole build of demo events has one.
            "ranker": "off",
            # One warehouse gets many odd logs, some without a graph.
            "gate_edges": 0,
            "gate_fall": 1,
            "gate_recall_fall": 1,
            "gate_cleaning_share": 1,
        }

    def write(self, rows: Iterable[Sequence]) -> None:
        """Replace the events file."""
        with open(self.events, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *rows])

    def dbt(self, *command: str, parsed: bool = False, **overrides) -> Outcome:
        """Run a dbt command on the project as parsed for the same vars.

        `parsed` uses the project as parsed without the overrides.
        """
        from dbt.cli.main import dbtRunner

        assert not RunningTest.is_quick, "this test runs dbt: name its fixture in RUNS_DBT"
        outcome = Outcome(False)

        @hears_no_debug
        def note(event) -> None:
            if event.info.level in ("info", "warn", "error"):
                outcome.lines += event.info.msg.splitlines()

        folder, warehouse = os.getcwd(), os.environ.get("LONGTAIL_WAREHOUSE")
        os.chdir(ROOT)
        os.environ["LONGTAIL_WAREHOUSE"] = str(self.warehouse)
        options = self.options
        try:
            manifest = parsed_for(self.vars if parsed else {**self.vars, **overrides}, options)
            runner = dbtRunner(manifest=manifest, callbacks=[note])
            vars = json.dumps({**self.vars, **overrides}, ensure_ascii=False)
            quick = [] if command[0] == "parse" else UNWRITTEN
            given = [*command, *options, *quick, "--vars", vars, "--no-use-colors"]
            result = runner.invoke(given)
        finally:
            os.chdir(folder)
            os.environ.pop("LONGTAIL_WAREHOUSE")
            if warehouse is not None:
                os.environ["LONGTAIL_WAREHOUSE"] = warehouse
        outcome.is_good = result.success
        if result.exception:
            outcome.lines += str(result.exception).splitlines()
        return outcome

    def models(self, **overrides) -> dict:
        """Return dbt's manifest entry of each model, by unique id."""
        nodes = parsed_for({**self.vars, **overrides}, self.options).nodes
        return {name: node for name, node in nodes.items() if node.resource_type == "model"}

    def query(self, sql: str) -> list[tuple]:
        """Ask the published database."""
        with duckdb.connect(str(self.warehouse / "longtail.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def rows(self, sql: str) -> list[dict]:
        """Ask the published database, for rows by column."""
        with duckdb.connect(str(self.warehouse / "longtail.duckdb"), read_only=True) as connection:
            return connection.sql(sql).to_arrow_table().to_pylist()

    def build(self, *options: str, **overrides) -> Outcome:
        """Build, test and publish, without dbt's unit tests, which do not read the log."""
        return self.dbt("build", "--exclude-resource-type", "unit_test", *options, **overrides)

    def learned(self) -> dict[str, list[tuple] | bytes]:
        """Return everything that must be equal for the same seed and events."""
        tables = (
            *("product_nodes", "product_edges", "walks_deepwalk", "walks_node2vec"),
            *("embeddings_deepwalk", "embeddings_node2vec", "neighbours_node2vec"),
            *("similar_products", "user_recommendations"),
        )
        found = {table: self.query(f"from {table} order by all") for table in tables}
        return {**found, "edg": (self.warehouse / "product_edges.edg").read_bytes()}

    def published(self) -> dict[str, tuple[int, int]]:
        """Every published file by name: its inode and modification time."""
        files = [path for path in self.warehouse.iterdir() if not path.name.startswith(".")]
        return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


@dataclass
class Demo:
    """A whole build of demo events: with every model, data test and unit test."""

    warehouse: Path
    target: Path
    output: str
    is_good: bool
    passed: frozenset[str]
    """Unique ids of the passed nodes, read before a later dbt command overwrites the results."""


DEMO_FOLDER = "~/brand=acme/[1] shop"


def run_dbt(home: Path, *command: str) -> subprocess.CompletedProcess:
    """Run the dbt command in a folder that is home and working directory at once."""
    environment = {
        **{"HOME": str(home), "LONGTAIL_WAREHOUSE": DEMO_FOLDER, "PYTHONPATH": str(ROOT)},
        **{"DBT_PROJECT_DIR": str(ROOT), "DBT_PROFILES_DIR": str(ROOT)},
        **{"DBT_TARGET_PATH": str(home / "target"), "DBT_LOG_PATH": str(home / "target")},
    }
    return subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--no-use-colors", *command],
        cwd=home,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
