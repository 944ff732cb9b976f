"""A warehouse with broken builds: starts them, reads their output and their tables."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
VARS = {
    "demo_events": 10_000,
    "walks_per_node": 1,
    "walk_length": 5,
    "dimensions": 8,
    "bootstrap_samples": 2,
    "map_products": 100,
    "gate_recall_over_popularity": 0,
    "gate_recall_over_best_part": 0,
    "gate_coverage": 0,
}
SEEDS = (1, 2)
"""Of the demo events: two builds whose tables differ."""
HISTORIES = (
    *("build_info", "model_runs", "long_tail_exposure", "build_diff"),
    *("embedding_health", "int_nearest_products", "build_figures", "int_figure_changes"),
    *("int_recall_gates", "int_graph_gates", "int_change_gates", "release_gates"),
)
"""Tables about earlier builds, so that two builds of one log differ in them."""
READ = "stg_raw_events"
"""Rows of the files that a refresh read; after a broken one, of those still to be read."""
SIGNS = ("Failed:", "cannot ", "another dbt", "disk is full")


@dataclass
class Result:
    """One line of the printed table."""

    case: str
    holds: bool
    said: str = ""
    tables: str = ""
    after: str = ""


@dataclass
class Shop:
    """A warehouse folder and the builds in it.

    Attributes
    ----------
    known
        Seed to the content that its build publishes.
    seed
        That of the published build.
    """

    warehouse: Path
    scratch: Path
    known: dict[int, dict[str, tuple]] = field(default_factory=dict)
    seed: int = SEEDS[0]

    @property
    def builds(self) -> Path:
        """The folder where a publication starts."""
        return self.warehouse / ".builds"

    def start(self, seed: int, name: str = "build", memory: str = "", **more) -> subprocess.Popen:
        """Start a build as the leader of its own process group, its output going to a file."""
        with open(self.scratch / f"{name}.txt", "w") as output:
            return subprocess.Popen(
                [
                    *(str(Path(sys.executable).with_name("dbt")), "build", "--no-use-colors"),
                    *("--exclude-resource-type", "unit_test"),
                    *("--vars", json.dumps({**VARS, "demo_seed": seed, **more})),
                    # A folder per seed, so that dbt parses the project once per seed.
                    *("--target-path", str(self.scratch / f"{name}_{seed}")),
                    *("--log-path", str(self.scratch / f"{name}_{seed}")),
                ],
                cwd=ROOT,
                # Demo events are numbered in the order in which DuckDB's threads generate them.
                env={
                    **os.environ,
                    "LONGTAIL_THREADS": "1",
                    "LONGTAIL_WAREHOUSE": str(self.warehouse),
                }
                | ({"LONGTAIL_MEMORY_LIMIT": memory} if memory else {}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def build(self, seed: int, **more) -> int:
        """Build to the end; return the exit code."""
        return self.start(seed, **more).wait()

    def said(self, name: str = "build") -> str:
        """Return the line of a build's output that states the error."""
        lines = (self.scratch / f"{name}.txt").read_text().splitlines()
        found = [line.strip() for line in lines if any(sign in line for sign in SIGNS)]
        if any("Traceback" in line for line in lines):
            return "a traceback"
        return found[-1].split("  ")[-1] if found else (lines or ["nothing"])[-1]

    def published(self) -> dict[str, tuple]:
        """Return rows and content of every published table, read as its readers do.

        Numbers are rounded to nine places: the last bits of a sum depend on thread order.

        Raises
        ------
        duckdb.Error
            If a table cannot be read, as a file or through its view.
        """
        content = "count(*), sum(hash(rounded)), bit_xor(hash(rounded))"
        found = {}
        with duckdb.connect(str(self.warehouse / "longtail.duckdb"), read_only=True) as connection:
            schemas = dict(
                connection.execute(
                    "select view_name, schema_name from duckdb_views() where not internal"
                ).fetchall()
            )
            files = {path.stem for path in self.warehouse.glob("*.parquet")}
            assert schemas.keys() == files, "views and files differ"
            for name in sorted(files):
                file = str(self.warehouse / f"{name}.parquet").replace("'", "''")
                columns = connection.execute(
                    f"select column_name, column_type from (describe from '{file}')"
                ).fetchall()
                rounded = ", ".join(
                    f'round("{column}", 9)' if kind in ("DOUBLE", "FLOAT") else f'"{column}"'
                    for column, kind in columns
                )
                seen, view = (
                    connection.execute(
                        f"select {content} from (select {rounded} from {source}) as rounded"
                    ).fetchall()
                    for source in (f"'{file}'", f'{schemas[name]}."{name}"')
                )
                assert seen == view, f"{name} differs from its view"
                found[name] = seen[0]
        graph = (self.warehouse / "product_edges.edg").read_bytes()
        return {**found, "product_edges.edg": (graph.count(b"\n"), hash(graph))}

    def learn(self) -> None:
        """Make a good build, after recording what the builds of all seeds publish."""
        for seed in SEEDS if len(self.known) < len(SEEDS) else SEEDS[-1:]:
            if self.build(seed) != 0:
                sys.exit(f"a build without a fault failed: {self.said()}")
            self.known[seed] = self.published()
            self.seed = seed

    @property
    def next_seed(self) -> int:
        """A seed whose tables differ from the published ones."""
        return SEEDS[1 - SEEDS.index(self.seed)]

    def which(self, before: dict[str, tuple], new: dict[str, tuple] | None = None) -> str:
        """Say which build's tables are published: "old", "new" or what is wrong.

        Parameters
        ----------
        before
            What `published` returned before the build.
        new
            What a refresh publishes without a fault; by default what a build of `next_seed` does.
        """
        try:
            found = self.published()
        except (duckdb.Error, AssertionError, OSError) as error:
            return f"broken: {str(error).splitlines()[0]}"
        if found == before:
            return "old"
        ignored = {*HISTORIES, READ} if new else {*HISTORIES}
        new = new or self.known[self.next_seed]
        differing = {name for name in found | new if found.get(name) != new.get(name)}
        differing -= ignored
        return f"mixed: {', '.join(sorted(differing))}" if differing else "new"

    def judge(
        self,
        case: str,
        code: int,
        before: dict[str, tuple],
        sign: str,
        mend: Callable[[], None] = lambda: None,
    ) -> Result:
        """Check the output and tables of a broken build of `next_seed`, undo the fault, rebuild."""
        said, tables = self.said(), self.which(before)
        mend()
        again = self.build(self.next_seed)
        after = self.which(before)
        holds = code not in (None, 0) and sign in said and tables == "old"
        holds = holds and (again, after) == (0, "new")
        self.seed = self.next_seed
        return Result(case, holds, f"exit {code}: {said}", tables, f"exit {again}, {after}")
