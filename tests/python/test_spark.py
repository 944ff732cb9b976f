"""Apache Spark makes the tables that DuckDB makes; needs requirements-spark.lock and Java."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from nightly_shop import BY_DAY, Nights, events_of

from longtail.build.database import rows_of
from longtail.spark import set_up

pytest.importorskip("pyspark", reason="no pyspark: make test-spark")
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


def dbt(warehouse: Path, *command: str, **settings) -> None:
    """Run the dbt command as make does, with Spark's settings for little data."""
    given = {
        "LONGTAIL_WAREHOUSE": str(warehouse),
        "LONGTAIL_SPARK_MASTER": "local[2]",
        "LONGTAIL_SPARK_MEMORY": "2g",
        "PYSPARK_SUBMIT_ARGS": "--conf spark.sql.shuffle.partitions=2 pyspark-shell",
        "JDK_JAVA_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "longtail/spark/dbt_path")]),
    }
    paths = ["--target-path", f"{warehouse}.target", "--log-path", f"{warehouse}.target"]
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--no-use-colors", *command, *paths),
            *("--vars", json.dumps(settings)),
        ],
        cwd=ROOT,
        env=os.environ | given,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def spark(warehouse: Path, *command: str, **settings) -> None:
    dbt(
        warehouse,
        *command,
        "--target",
        "spark",
        "--exclude",
        *STAGED,
        "popularity_dial",
        **settings,
    )


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


def test_every_table_is_duckdbs(tmp_path):
    """On 10 thousand demo events, but for the map and the dial, which make the test long."""
    by_duckdb, by_spark = tmp_path / "duckdb", tmp_path / "spark"
    events = {"demo_events": 10000, "map_products": 0}
    dbt(by_duckdb, "run", "--exclude", "popularity_dial", **events)
    shutil.copytree(by_duckdb / ".work", by_spark / ".work")
    staged = {"stg_", "demo_", "rejected_", "model_runs"}
    for path in (by_spark / ".work").glob("*.parquet"):
        if not path.name.startswith(tuple(staged)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    spark(by_spark, "run", **events)
    tables = tables_of(by_duckdb)
    assert tables == tables_of(by_spark)
    assert len(tables) > 120
    found = {table: differences(table, by_duckdb, by_spark) for table in sorted(tables)}
    assert {table: rows for table, rows in found.items() if rows} == {}
    edges = "product_edges.edg"
    assert (by_spark / ".work" / edges).read_bytes() == (by_duckdb / ".work" / edges).read_bytes()


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
