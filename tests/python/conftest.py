"""Shared fixtures: real data where available, and dbt run in this process."""

import csv
import fcntl
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import duckdb
import pytest
from chromium import CHROMIUM, Browser
from report_shop import make_shop
from staging_sql import Staged, compile_catalogue, compile_staging, described
from tiny_shop import publish

from longtail.build.console import collect_garbage_seldom
from longtail.build.warehouse import Warehouse

collect_garbage_seldom()
ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("LONGTAIL_SHARED_DATA", ROOT.parent / "shared" / "data"))
HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
).split(",")


@pytest.fixture
def shared_data():
    """A function from the name of a real file to its path; skips if the file is missing."""

    def path(name: str) -> Path:
        if not (SHARED_DATA / name).exists():
            pytest.skip(f"no {name} in {SHARED_DATA}; LONGTAIL_SHARED_DATA names another folder")
        return SHARED_DATA / name

    return path


RUNS_DBT = {
    *(
        "shop",
        "staging_of",
        "catalogue_of",
        "demo",
        "log",
        "clocks",
        "ranked_shop",
        "arms_built",
        "models",
        "full",
        "yesterday",
        "tested",
        "impressions_of",
        "verdict_of",
    ),
}
"""Fixtures that build, or compile models for too long for a quick test."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items) -> None:
    """Mark each test by its fixtures, unless it has a mark; long tests come first.

    Each worker process builds a group's fixtures once: the tests of a build that files share are
    one group, every other file its own.
    """
    for item in items:
        used = set(item.fixturenames)
        shared = [name for name in SHARED if name in used]
        group = shared[0] if shared else item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
        if not any(item.get_closest_marker(name) for name in KINDS):
            is_long = used & RUNS_DBT
            item.add_marker("browser" if "browser" in used else "build" if is_long else "quick")
    items.sort(key=lambda item: item.get_closest_marker("quick") is not None)


SHARED = ("demo", "odd_shop", "ranked_shop")
"""Fixtures that build once for all files."""
KINDS = ("quick", "slow", "build", "browser", "server")


class RunningTest:
    """State of the running test."""

    is_quick = False


def pytest_runtest_setup(item) -> None:
    """Record the kind of the running test, fixtures included."""
    RunningTest.is_quick = item.get_closest_marker("quick") is not None


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


@pytest.fixture(scope="session", autouse=True)
def parsed_folder(tmp_path_factory, request) -> None:
    """Keep the parsed project where all processes of this run of the tests find it."""
    folder = tmp_path_factory.getbasetemp()
    Parsed.folder = folder.parent if hasattr(request.config, "workerinput") else folder


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
                manifest = dbtRunner().invoke(["parse", *options, "--vars", text]).result
                if manifest is None:
                    return None
                kept.write_bytes(pickle.dumps(manifest))
        Parsed.here[given] = kept.read_bytes()
    return pickle.loads(Parsed.here[given])


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
            # Nothing reads the results: only `parse` writes them.
            quick = [] if command[0] == "parse" else ["--no-write-json"]
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


ODD_IDS = (
    "it's",
    "a,b",
    'say "hi"',
    "tab\there",
    "two\nlines",
    "ünïcødé",
    "日本語",
    "😀🛒",
    "'; drop table x; --",
    "{{ x }}",
    "back\\slash",
    "null and void",
    "-1",
    "1e5",
    "a" * 300,
)


def odd_events(count: int = 400) -> list[tuple]:
    """Return a small log with odd texts as ids, categories and brands."""
    kinds = ("view", "purchase", "view", "cart", "search")
    size = len(ODD_IDS)
    return [
        (
            f"2024-01-{1 + step % 9:02d} 10:{step % 60:02d}:{step % 50:02d} UTC",
            kinds[step % len(kinds)],
            ODD_IDS[(step * 7 + step // 9) % size],
            ODD_IDS[step % 3],
            f"{ODD_IDS[step % 4]}.{ODD_IDS[step % 5]}",
            ODD_IDS[step % 7],
            step % 9,
            ODD_IDS[step * step // 7 % size],
            ODD_IDS[step % 11],
        )
        for step in range(count)
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A shop per test file: shared leftovers would make tests depend on their order."""
    return Shop(tmp_path_factory.mktemp("shop"))


@dataclass
class Demo:
    """A whole build of demo events: with every model, data test and unit test."""

    warehouse: Path
    target: Path
    output: str
    is_good: bool
    passed: frozenset[str]
    """Unique ids of the passed nodes, read before a later dbt command overwrites the results."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Demo:
    """10 thousand demo events, built by the dbt command in an awkward location.

    It runs outside the project's folder and writes to a folder under "~" whose path looks like a
    partition column and a glob.
    """
    home = tmp_path_factory.mktemp("home")
    built = run_dbt(home, "build", "--vars", "{demo_events: 10000}")
    warehouse, target = home / DEMO_FOLDER.removeprefix("~/"), home / "target"
    results = json.loads((target / "run_results.json").read_text())["results"]
    passed = frozenset(row["unique_id"] for row in results if row["status"] in ("success", "pass"))
    return Demo(warehouse, target, built.stdout + built.stderr, built.returncode == 0, passed)


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


@pytest.fixture(scope="session")
def odd_shop(tmp_path_factory) -> Shop:
    """A shop with a published build of odd events."""
    shop = Shop(tmp_path_factory.mktemp("odd"))
    shop.write(odd_events())
    built = shop.build()
    assert built.is_good, built.text
    return shop


@pytest.fixture(scope="module")
def odd_build(shop, odd_shop) -> dict[str, list[tuple] | bytes]:
    """A published build of odd events in the file's shop; what it has learned.

    It is built once and copied. The copies share the events file: a build refuses files that
    replace those of its tables.
    """
    shutil.copytree(odd_shop.warehouse, shop.warehouse, symlinks=True)
    with duckdb.connect(shop.warehouse / ".work" / "build.duckdb") as connection:
        Warehouse(shop.warehouse).follow_move(connection)  # as a build does before it begins
    shop.events, shop.vars = odd_shop.events, {**odd_shop.vars}
    shop.write(odd_events())
    return shop.learned()


@pytest.fixture(scope="session")
def ranked_shop(tmp_path_factory) -> Shop:
    """A small demo shop, built up to the ranker's rows and their contributions, to read."""
    shop = Shop(tmp_path_factory.mktemp("ranked"))
    shop.vars = {
        **{"demo_events": 10000, "ranker": "trees", "ranker_min_cases": 20},
        # Few cases make no trees that exceed lists with repeats.
        "repeat_weight": 0,
        **{"walks_per_node": 2, "walk_length": 6, "dimensions": 8},
    }
    built = shop.dbt("run", "--select", "+int_ranked_candidates", "+int_contributions")
    assert built.is_good, built.text
    return shop


@pytest.fixture(scope="session")
def staging_of(tmp_path_factory) -> Callable[..., Staged]:
    """A function from described files to their staged rows."""
    return compile_staging(Shop(tmp_path_factory.mktemp("staging")))


@pytest.fixture(scope="session")
def staging(staging_of) -> Callable[..., Staged]:
    """A function from a pattern to the staged rows of its files."""

    def stage(pattern: str, csv_options: dict | None = None, **options) -> Staged:
        return staging_of(described(pattern, csv_options, options), **options)

    return stage


@pytest.fixture
def put(tmp_path) -> Callable[..., str]:
    """A function that writes one file, or several by name, and returns their pattern."""

    def write(content: bytes | dict[str, bytes], name: str = "events") -> str:
        if isinstance(content, dict):
            for other, data in content.items():
                (tmp_path / other).write_bytes(data)
            return str(tmp_path / "*")
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


@pytest.fixture(scope="session")
def catalogue_of(tmp_path_factory) -> Callable[..., Staged]:
    """A function from a pattern and vars to the staged rows of a catalogue."""
    return compile_catalogue(Shop(tmp_path_factory.mktemp("catalogue")))


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The report of a shop of 600 products, its database beside it."""
    from longtail.report import build_report

    folder = tmp_path_factory.mktemp("report")
    build_report(make_shop(folder, 600), folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="session")
def large_report(tmp_path_factory):
    """The report of a shop with more products than its map takes."""
    from longtail.report import build_report

    folder = tmp_path_factory.mktemp("large_report")
    build_report(make_shop(folder, 40_000), folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Headless Chromium; skips if it is not installed."""
    if CHROMIUM is None:
        pytest.skip("no Chromium to open the report in: apt-get install chromium")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def database(tmp_path_factory) -> Path:
    """The tiny shop's longtail.duckdb."""
    path = tmp_path_factory.mktemp("shop") / "longtail.duckdb"
    publish(path)
    return path


@pytest.fixture
def ask(database, tmp_path, monkeypatch) -> Iterator[Callable[[str], list[tuple]]]:
    """Query it as an analyst does: read-only, from another folder."""
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(database), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()
