"""Data flows one way through the rooms, and the kernels import nothing else of the project."""

import ast
from pathlib import Path

import dbt_shop
import pytest
import test_experiments
import test_ranked_arms
from dbt_shop import READ_BY_RUNS, parsed_for

from longtail.build import staging_code

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
    """With experiments: those of a demo shop with a ranker, and those of a log."""
    found = set()
    for vars in (
        {**test_ranked_arms.VARS, "experiments": test_ranked_arms.EXPERIMENTS},
        {**shop.vars, "experiments": test_experiments.EXPERIMENTS, "impressions": "i.csv"},
    ):  # as other tests parse the project
        nodes = parsed_for(vars, shop.options).nodes
        models = {name: node for name, node in nodes.items() if node.resource_type == "model"}
        place = {
            name: ROOMS.index(ROOM_OF_FOLDER[node.path.split("/")[0]])
            for name, node in models.items()
        }
        edges = [
            (parent, name)
            for name, node in models.items()
            for parent in node.depends_on.nodes
            if parent in models
        ]
        assert len(edges) > 200
        assert [edge for edge in edges if place[edge[0]] > place[edge[1]]] == []
        found |= {name.removeprefix("model.longtail.") for name in models}
    assert {"demo_events", "int_ranker", "int_arm_lists", "experiment_verdicts"} < found


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
    monkeypatch.setattr(dbt_shop.Parsed, "here", {})
    monkeypatch.setattr(dbt_shop.Parsed, "folder", tmp_path)
    assert parsed(**READ_BY_RUNS) == before


def test_all_macros_that_staging_calls_are_part_of_the_rules(shop):
    """As dbt lists them when it parses the project."""
    project = parsed_for({**shop.vars, "events": "log.csv"}, shop.options)
    waiting = [project.nodes[f"model.longtail.{name}"] for name in staging_code.MODELS]
    found = set()
    while waiting:
        names = {name for name in waiting.pop().depends_on.macros if ".longtail." in name}
        waiting += [project.macros[name] for name in names - found]
        found |= names
    files = {ROOT / project.macros[name].original_file_path for name in found}
    assert {"event_rows", "parse_event_time", "text_list"} <= {file.stem for file in files}
    assert files <= set(staging_code.staging_code(ROOT))


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
