"""Shared fixtures: real data where available, shops, the report and a browser."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from chromium import CHROMIUM, Browser
from dbt_shop import DEMO_FOLDER, RANKED_VARS, ROOT, Demo, Parsed, RunningTest, Shop, run_dbt
from odd_log import odd_events
from report_shop import make_shop
from staging_sql import Staged, compile_catalogue, compile_staging, described
from tiny_shop import publish

from longtail.build.console import collect_garbage_seldom
from longtail.build.warehouse import Warehouse

collect_garbage_seldom()
SHARED_DATA = Path(os.environ.get("LONGTAIL_SHARED_DATA", ROOT.parent / "shared" / "data"))


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
    items.sort(key=place_in_queue)


def place_in_queue(item) -> tuple[int, bool]:
    """Return a sort key: the longest groups first, so that no process waits for one at the end."""
    group = item.get_closest_marker("xdist_group").args[0].removeprefix("tests/python/")
    place = LONGEST.index(group) if group in LONGEST else len(LONGEST)
    return place, item.get_closest_marker("quick") is not None


SHARED = ("demo", "odd_shop", "ranked_shop")
"""Fixtures that build once for all files."""
LONGEST = (
    *("test_spark.py", "odd_shop", "demo", "test_refresh.py", "test_kept.py", "ranked_shop"),
    *("oracle/test_tables.py", "test_properties.py", "test_catalogue.py", "test_experiments.py"),
    *("test_as_package.py", "test_rooms.py", "test_content.py", "test_cleaning.py"),
    *("oracle/test_real_logs.py", "test_batches.py", "test_bad_input.py", "test_walks.py"),
)
"""Groups of more than ten seconds, the longest first."""
KINDS = ("quick", "slow", "build", "browser", "server")


def pytest_runtest_setup(item) -> None:
    """Record the kind of the running test, fixtures included."""
    RunningTest.is_quick = item.get_closest_marker("quick") is not None


@pytest.fixture(scope="session", autouse=True)
def parsed_folder(tmp_path_factory, request) -> None:
    """Keep the parsed project where all processes of this run of the tests find it."""
    folder = tmp_path_factory.getbasetemp()
    Parsed.folder = folder.parent if hasattr(request.config, "workerinput") else folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A shop per test file: shared leftovers would make tests depend on their order."""
    return Shop(tmp_path_factory.mktemp("shop"))


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


@pytest.fixture(scope="session")
def odd_shop(tmp_path_factory) -> Shop:
    """A shop with a published build of odd events, with map and groups, small as they are."""
    shop = Shop(tmp_path_factory.mktemp("odd"))
    del shop.vars["map_products"]
    shop.vars["blend"] = {"covisit": 1, "rp3beta": 0.5, "node2vec": 0.1, "group_knn": 0.5}
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
    shop.vars = {**RANKED_VARS}
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
