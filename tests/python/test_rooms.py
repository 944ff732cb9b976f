"""Data flows one way through the rooms, and the kernels import nothing else of the project."""

import ast
from pathlib import Path

import conftest
import pytest
from conftest import READ_BY_RUNS, parsed_for

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("demo", "staging", "events", "catalogue", "graph", "embeddings", "neighbours"),
    *("ranking", "recommendations", "evaluation", "map", "insights", "experiments"),
)
"""In the order of the data; a model reads its own room and earlier ones."""
ROOM_OF_FOLDER = {room: room for room in ROOMS} | {
    "walks": "embeddings",
    "search": "neighbours",
    "ranker": "ranking",
    "projection": "map",
}
"""Folders of models/ and python_models/."""


def test_no_model_reads_a_later_room(shop):
    arm = {"name": "tail", "share": 0.5, "vars": {"ranker": "off", "interactions_exponent": -1}}
    more = {"experiments": [arm], "impressions": "i.csv"}
    models = shop.models(events="", ranker="trees", **more)
    place = {
        name: ROOMS.index(ROOM_OF_FOLDER[node.path.split("/")[0]]) for name, node in models.items()
    }
    edges = [
        (parent, name)
        for name, node in models.items()
        for parent in node.depends_on.nodes
        if parent in models
    ]
    assert len(edges) > 200
    assert {"model.longtail.int_arm_lists", "model.longtail.experiment_verdicts"} < set(models)
    assert [edge for edge in edges if place[edge[0]] > place[edge[1]]] == []


@pytest.mark.parametrize("ranker", ["off", "trees"])
def test_vars_that_runs_alone_read_change_nothing_that_is_parsed(
    shop, monkeypatch, tmp_path, ranker
):
    def parsed(**vars) -> dict[str, dict]:
        known = parsed_for({**shop.vars, "ranker": ranker, **vars}, shop.options)
        return {
            name: {**node.to_dict(), "created_at": 0, "depends_on": node.depends_on.nodes}
            for name, node in {**known.nodes, **known.unit_tests}.items()
        }

    before = parsed()
    monkeypatch.setattr(conftest.Parsed, "here", {})
    monkeypatch.setattr(conftest.Parsed, "folder", tmp_path)
    assert parsed(**READ_BY_RUNS) == before


def imported_modules(file: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize(
    "file", sorted((ROOT / "longtail" / "kernels").glob("*.py")), ids=lambda file: file.stem
)
def test_kernels_import_no_glue(file):
    foreign = {
        module
        for module in imported_modules(file)
        if module.split(".")[0] in ("dbt", "duckdb")
        or (module.startswith("longtail.") and not module.startswith("longtail.kernels"))
    }
    assert foreign == set()
