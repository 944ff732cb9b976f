"""The analyses: each is described, and answers its question on demo events."""

from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import run_dbt

ROOT = Path(__file__).parents[2]
ANALYSES = sorted((ROOT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def compiled(demo):
    """Return the folder of compiled analyses and the database that they run on."""
    done = run_dbt(demo.target.parent, "compile", "--select", "path:analyses")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = demo.target / "compiled" / "longtail" / "analyses"
    return folder, demo.warehouse / ".work" / "build.duckdb"


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
        connection.execute(f"attach '{database}' as build (read_only)")
        rows = connection.execute(sql).fetchall()
        assert rows
        assert len(set(rows)) == len(rows)
        assert connection.execute(sql).fetchall() == rows
