"""Apache Spark computes the same tables as DuckDB; needs requirements-spark.lock and Java."""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from dbt_shop import ROOT
from nightly_shop import BY_DAY, Nights, events_of
from test_spark_set_up import tables_of_files

from longtail.build.database import rows_of
from longtail.spark import set_up

pyspark = pytest.importorskip("pyspark", reason="no pyspark: make test-spark")
pytest.importorskip("dbt.adapters.spark", reason="no dbt-spark: make test-spark")
try:
    set_up.choose_java(dict(os.environ))
except ValueError as error:
    pytest.skip(f"{error}: make test-spark", allow_module_level=True)
pytestmark = pytest.mark.build

STAGED = ("path:models/staging", "path:models/demo")
BY_DESIGN = {"build_id", "built_at", "duckdb_version", "git_commit"}
"""Columns that name a build, its engine or its code, which may be edited meanwhile."""
ROUNDED = {
    **dict.fromkeys(
        ["int_group_products", "int_learning_groups", "int_neighbours"],
        "power() differs in the last digit between Java and C",
    ),
    **dict.fromkeys(
        ["int_repurchase_counts", "int_repurchases", "int_product_repurchases", "repurchases"],
        "percentiles and logarithms of doubles",
    ),
    **dict.fromkeys(
        ["int_user_metrics", "model_metrics", "int_recall_margins", "int_recall_gates"],
        "averages of doubles, summed in another order",
    ),
    **dict.fromkeys(
        ["int_build_figures", "build_figures", "int_figure_changes", "release_gates"],
        "figures of these metrics",
    ),
    **dict.fromkeys(
        ["int_list_diversity", "int_list_metrics", "embedding_health"],
        "DuckDB multiplies vectors as float32, Spark as doubles",
    ),
}
"""Tables that are equal at seven significant digits (of vectors: five), and why not to the bit."""


WHOLE = bool(os.environ.get("LONGTAIL_TEST_SPARK"))
"""Whether `make test-spark` runs, which takes its time."""
STEPS_OF_MAKE = pytest.mark.skipif(not WHOLE, reason="minutes of Spark: make test-spark")
LITTLE_DATA = {
    "spark.sql.shuffle.partitions": 1,
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""A thousandth of the work that Spark is for: planning and compiling take longer than rows do."""


def start(
    warehouse: Path, *command: str, environment: dict | None = None, **settings
) -> subprocess.Popen:
    """Start the dbt command as make does, with Spark's settings for little data."""
    options = [f"--conf {name}={value}" for name, value in LITTLE_DATA.items()]
    given = {
        "LONGTAIL_WAREHOUSE": str(warehouse),
        "LONGTAIL_SPARK_MASTER": "local[2]",
        "LONGTAIL_SPARK_MEMORY": "2g",
        "PYSPARK_SUBMIT_ARGS": " ".join([*options, "pyspark-shell"]),
        "JDK_JAVA_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "longtail/spark/dbt_path")]),
    }
    paths = ["--target-path", f"{warehouse}.target", "--log-path", f"{warehouse}.target"]
    return subprocess.Popen(
        [
            *(Path(sys.executable).with_name("dbt"), "--no-use-colors", *command, *paths),
            *("--vars", json.dumps(settings)),
        ],
        cwd=ROOT,
        env=os.environ | given | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def dbt(warehouse: Path, *command: str, is_good: bool = True, **given) -> str:
    """Run the dbt command to its end; return what it said."""
    process = start(warehouse, *command, **given)
    said, _ = process.communicate()
    assert (process.returncode == 0) == is_good, said[-6000:]
    return said


BY_SPARK = ("--target", "spark", "--exclude", *STAGED, "popularity_dial")


def spark(warehouse: Path, *command: str, **settings) -> None:
    dbt(warehouse, *command, *BY_SPARK, **settings)


def differences(table: str, one: Path, other: Path) -> int:
    """Count the rows of a table that one warehouse has and the other lacks, both ways."""
    with duckdb.connect() as connection:
        found = [rows_of(root / ".work" / f"{table}.parquet") for root in (one, other)]
        columns = connection.sql(f"describe from {found[0]}").fetchall()
        chosen = []
        for name, kind, *_ in columns:
            value = f'cast("{name}" as {kind})'
            if table in ROUNDED and kind in ("DOUBLE", "FLOAT"):
                digits = 5 if "float32" in ROUNDED[table] or "metrics" in table else 7
                value = f"format('{{:.{digits - 1}e}}', cast(\"{name}\" as double))"
            if name not in BY_DESIGN:
                chosen.append(value)
        one_rows, other_rows = (f"select {', '.join(chosen)} from {rows}" for rows in found)
        counts = connection.sql(f"""
            select
                (select count(*) from ({one_rows} except all {other_rows})),
                (select count(*) from ({other_rows} except all {one_rows}))
        """).fetchall()[0]
    return sum(counts)


def tables_of(warehouse: Path) -> set[str]:
    return {path.stem for path in (warehouse / ".work").glob("*.parquet")} - {"model_runs"}


EVENTS = {"demo_events": 10000, "map_products": 0} | ({} if WHOLE else {"ranker": "off"})
PART = () if WHOLE else ("--select", "+user_recommendations", "+similar_products")
"""Up to the lists, in `make test`: planning a model costs the same for any number of rows."""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    """10 thousand demo events by DuckDB and by Spark, but for the map and the dial: they are long.

    In `make test` without the ranker, the evaluation and the insights.

    Spark begins where DuckDB has staged the events.
    """
    folder = tmp_path_factory.mktemp("warehouses")
    by_duckdb, by_spark = folder / "duckdb", folder / "spark"
    dbt(by_duckdb, "run", *PART, "--exclude", "popularity_dial", **EVENTS)
    shutil.copytree(by_duckdb / ".work", by_spark / ".work")
    staged = ("stg_", "demo_", "rejected_", "model_runs")
    for path in (by_spark / ".work").glob("*.parquet"):
        if not path.name.startswith(staged):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    spark(by_spark, "run", *PART, **EVENTS)
    return by_duckdb, by_spark


def test_every_table_is_duckdbs(built):
    by_duckdb, by_spark = built
    tables = tables_of(by_duckdb)
    assert tables == tables_of(by_spark)
    assert len(tables) > (120 if WHOLE else 60)
    found = {table: differences(table, by_duckdb, by_spark) for table in sorted(tables)}
    assert {table: rows for table, rows in found.items() if rows} == {}
    edges = "product_edges.edg"
    assert (by_spark / ".work" / edges).read_bytes() == (by_duckdb / ".work" / edges).read_bytes()


def published(warehouse: Path) -> dict[str, int]:
    """Return the published files by name, and which file each is."""
    files = [path for path in warehouse.glob("*") if not path.name.startswith(".")]
    return {path.name: path.stat().st_ino for path in files}


@STEPS_OF_MAKE
def test_what_spark_made_is_published_when_it_is_good(built):
    """Good tables are published; a closed gate and a killed build leave them, and say so."""
    by_duckdb, warehouse = built
    test = ("test", "--exclude-resource-type", "unit_test")
    dbt(warehouse, "run", "--select", "popularity_dial", **EVENTS)
    assert published(warehouse) == {}
    dbt(warehouse, *test, **EVENTS)
    good = published(warehouse)
    assert {"longtail.duckdb", "user_recommendations.parquet"} <= good.keys()

    closed = EVENTS | {"gate_cleaning_share": 0.05}  # a robot has 18 % of the demo's rows
    spark(warehouse, "run", "--select", "int_cleaning_gates+", **closed)
    said = dbt(warehouse, *test, "--select", "release_gates", is_good=False, **closed)
    assert "the tables of the last good build are unchanged" in said
    assert published(warehouse) == good

    half_written = warehouse / ".work" / "product_edges.parquet.partial"
    edges = ("run", "--select", "+product_edges")
    process = start(warehouse, *edges, "--full-refresh", *BY_SPARK, **EVENTS)
    while process.poll() is None and not half_written.exists():
        time.sleep(0.01)
    process.kill()
    assert process.wait() < 0, "killed before its end"
    said = dbt(warehouse, *test, "--select", "product_edges", **EVENTS)
    assert "Not published yet" in said
    assert published(warehouse) == good

    spark(warehouse, *edges, **EVENTS)
    for table in (*BY_DAY, "product_edges"):
        assert differences(table, by_duckdb, warehouse) == 0, table


@STEPS_OF_MAKE
def test_a_new_day_leaves_the_earlier_ones(tmp_path):
    (tmp_path / "shop").mkdir()
    shop = Nights(tmp_path / "shop", range(5))
    by_spark, by_duckdb = tmp_path / "spark", tmp_path / "duckdb"
    select = ("--select", "+product_edges", "+cleaning_report")

    def refresh() -> None:
        dbt(by_spark, "run", "--select", *STAGED, **shop.vars)
        spark(by_spark, "run", *select, **shop.vars)

    def files() -> dict[str, int]:
        return {
            str(path.relative_to(by_spark)): path.stat().st_ino
            for table in BY_DAY
            for path in (by_spark / ".work" / f"{table}.parquet").rglob("*=2024-01-02/*.parquet")
        }

    refresh()
    before = files()
    shop.write("day5.csv", events_of(5))
    refresh()
    assert before and files() == before
    dbt(by_duckdb, "run", *select, **shop.vars)
    for table in (*BY_DAY, "product_edges", "cleaning_report"):
        assert differences(table, by_duckdb, by_spark) == 0, table


EVENT_FILES = ("stg_raw_events", "rejected_events", "stg_events")
NOT_IN_TASKS = ("path:models/demo", *tables_of_files())
"""What DuckDB stages where dbt runs when executors read the event files."""


def isolated_python(folder: Path) -> str:
    """Write a Python for executors: the packages of this one, but not the project's folder."""
    script = folder / "isolated_python"
    # Without `site`, which reads the .pth file of the project's installation.
    packages = sysconfig.get_path("purelib")
    script.write_text(
        f'#!/bin/sh\ncd / && PYTHONSAFEPATH=1 PYTHONPATH="{packages}:$PYTHONPATH" '
        f'exec {sys.executable} -S "$@"\n'
    )
    script.chmod(0o755)
    imported = subprocess.run([script, "-c", "import longtail.spark"], capture_output=True)
    assert b"ModuleNotFoundError" in imported.stderr
    return str(script)


@STEPS_OF_MAKE
def test_executors_stage_what_duckdb_stages(tmp_path):
    """Files of all formats with broken lines, by their relative names; then a new day."""
    (tmp_path / "shop").mkdir()
    shop = Nights(tmp_path / "shop", range(3))
    header = shop.folder.joinpath("day0.csv").read_text().splitlines()[0]
    good = "2024-01-03 10:00:00 UTC,view,p1,c,a.b,x,1.5,u1,s1"
    lines = [header, good, "2024-01-03,view,p2", f"{good},more", good.replace("1.5", "1.5d")]
    shop.folder.joinpath("day_broken.csv").write_text("\n".join(lines))
    shop.folder.joinpath("day_utf16.csv").write_text("\n".join([*lines, good]), encoding="utf-16")
    shop.folder.joinpath("day_lines.jsonl").write_text(
        '{"event_time": "2024-01-03 11:00:00", "event_type": "view", "product_id": "p", '
        '"user_id": 7}\n{"event_time":\n'
    )
    duckdb.sql(f"from '{shop.folder}/day1.csv'").write_parquet(f"{shop.folder}/day_p.parquet")
    given = shop.vars | {"events": os.path.relpath(shop.folder / "day*", ROOT)}
    select = ("run", "--select", *EVENT_FILES)
    cluster = {
        "LONGTAIL_SPARK_MASTER": "local-cluster[2,1,1024]",
        "PYSPARK_PYTHON": isolated_python(tmp_path),
    }
    by_duckdb, by_spark = tmp_path / "duckdb", tmp_path / "spark"
    for new_day in (None, 4):
        if new_day is not None:
            shop.write(f"day{new_day}.csv", events_of(new_day))
        dbt(by_duckdb, *select, **given)
        dbt(by_spark, *select, "--target", "spark", environment=cluster, **given)
        for table in EVENT_FILES:
            assert differences(table, by_duckdb, by_spark) == 0, (table, new_day)
        raw, rejected, good = (
            duckdb.sql(f"from {rows_of(by_spark / '.work' / f'{table}.parquet')}")
            for table in EVENT_FILES
        )
        broken = rejected.filter("line_number is not null").shape[0]
        assert broken == 4
        if new_day is None:
            assert good.shape[0] + rejected.shape[0] - broken == raw.shape[0]


@pytest.fixture(scope="module")
def from_files(tmp_path_factory) -> tuple[Path, dict]:
    """Return a build by DuckDB of the demo's events as a file, and its vars."""
    folder = tmp_path_factory.mktemp("from_files")
    dbt(folder / "demo", "run", "--select", "+demo_events", **EVENTS)
    shutil.copy(folder / "demo" / ".work" / "demo_events.parquet", folder / "events.parquet")
    given = {"events": f"{folder}/events.parquet", "map_products": 0}
    dbt(folder / "duckdb", "run", "--exclude", "popularity_dial", **given)
    return folder / "duckdb", given


def build_in_tasks(warehouse: Path, target: str, given: dict, environment: dict) -> None:
    dbt(warehouse, "run", "--select", *NOT_IN_TASKS, **given)
    by_spark = ("--target", target, "--exclude", *NOT_IN_TASKS, "popularity_dial")
    dbt(warehouse, "run", *by_spark, environment=environment, **given)


def check_every_table(by_duckdb: Path, by_spark: Path) -> None:
    tables = tables_of(by_duckdb)
    assert tables == tables_of(by_spark)
    found = {table: differences(table, by_duckdb, by_spark) for table in sorted(tables)}
    assert {table: rows for table, rows in found.items() if rows} == {}


@STEPS_OF_MAKE
def test_two_executors_without_the_project_make_every_table(from_files, tmp_path):
    by_duckdb, given = from_files
    cluster = {
        "LONGTAIL_SPARK_MASTER": "local-cluster[2,1,1024]",
        "PYSPARK_PYTHON": isolated_python(tmp_path),
    }
    build_in_tasks(tmp_path / "spark", "spark", given, cluster)
    check_every_table(by_duckdb, tmp_path / "spark")


@pytest.fixture
def connect_server(tmp_path) -> Iterator[str]:
    """Yield the address of a Spark Connect server, whose tasks cannot import the project."""
    home = Path(pyspark.__file__).parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = LITTLE_DATA | {
        "spark.connect.grpc.binding.port": port,
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
    }
    options = [text for name, value in settings.items() for text in ("--conf", f"{name}={value}")]
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": isolated_python(tmp_path),
    }
    set_up.choose_java(environment)
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [
                *(home / "bin" / "spark-submit", "--master", "local[2]", "--driver-memory", "2g"),
                *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", *options),
                *("--driver-java-options", "-Xss16m -XX:ReservedCodeCacheSize=512m"),
                "spark-internal",
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (tmp_path / "server.log").read_text()[-3000:]
            time.sleep(0.5)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@STEPS_OF_MAKE
def test_a_connect_server_makes_every_table_for_a_client_without_java(
    from_files, connect_server, tmp_path
):
    by_duckdb, given = from_files
    client = {
        "LONGTAIL_SPARK": connect_server,
        "PATH": str(Path(sys.executable).parent),
        "JAVA_HOME": "/nowhere",
        "PYSPARK_SUBMIT_ARGS": "",
    }
    build_in_tasks(tmp_path / "spark", "spark_connect", given, client)
    check_every_table(by_duckdb, tmp_path / "spark")


@STEPS_OF_MAKE
def test_unit_tests_pass(built):
    unit_tests = ("--select", "test_type:unit", "--exclude", *STAGED)
    dbt(built[1], "test", "--target", "spark", *unit_tests, **EVENTS)
