"""The analyses: each is described, and answers its question on demo events."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

ROOT = Path(__file__).parents[2]
ANALYSES = sorted((ROOT / "analyses").glob("*.sql"))


def dbt(folder: Path, *arguments: str) -> None:
    """Run dbt on the warehouse of a folder."""
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    paths = ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    environment = os.environ | {"LONGTAIL_WAREHOUSE": str(folder / "warehouse")}
    done = subprocess.run(
        command + paths, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Return the folder of compiled analyses and the database that they run on.

    Builds a small demo, unless LONGTAIL_DEMO_WAREHOUSE names one that is there already.
    """
    folder = tmp_path_factory.mktemp("analyses")
    ready = os.environ.get("LONGTAIL_DEMO_WAREHOUSE")
    if ready:
        (folder / "warehouse").mkdir()
        database = Path(ready) / "longtail.duckdb"
    else:
        dbt(folder, "run", "--vars", "{demo_events: 20000}")
        database = folder / "warehouse" / ".work" / "build.duckdb"
    dbt(folder, "compile", "--select", "path:analyses")
    return folder / "target" / "compiled" / "longtail" / "analyses", database


def test_there_are_ten_and_each_is_described():
    described = yaml.safe_load((ROOT / "analyses" / "_analyses.yml").read_text())["analyses"]
    assert len(ANALYSES) == 10
    assert {entry["name"] for entry in described} == {file.stem for file in ANALYSES}
    assert all(entry["description"].startswith("One row per ") for entry in described)


@pytest.mark.parametrize("name", [file.stem for file in ANALYSES])
def test_analysis_answers(compiled, name):
    folder, database = compiled
    sql = (folder / f"{name}.sql").read_text()
    with duckdb.connect() as connection:
        # Compiled names begin with the build's database; the published one has the same tables.
        connection.execute(f"attach '{database}' as build (read_only)")
        rows = connection.execute(sql).fetchall()
        assert rows
        assert len(set(rows)) == len(rows)
        assert connection.execute(sql).fetchall() == rows
