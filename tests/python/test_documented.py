"""Models, columns, macros, arguments, vars and tests all have descriptions."""

import re
import statistics
from functools import cache
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
YML_FILES = sorted(
    path
    for folder in ("models", "python_models", "macros", "tests")
    for path in (ROOT / folder).rglob("*.yml")
)
DOC_BLOCK = re.compile(r"{%\s*docs (\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
DOC_USE = re.compile(r"{{\s*doc\('(\w+)'\)\s*}}")
MACRO = re.compile(r"{%-?\s*(macro|test|materialization)\s+(\w+)\s*(?:\(([^)]*)\)|,)")


@cache
def yml_files() -> tuple[dict, ...]:
    """Contents of all yml files."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return tuple(yaml.load(path.read_bytes(), loader) or {} for path in YML_FILES)


def entries(kind: str) -> dict[str, dict]:
    """Entries of one kind in all yml files, by name."""
    found = {}
    for file in yml_files():
        for entry in file.get(kind, []):
            assert entry["name"] not in found, f"{entry['name']} is described twice"
            found[entry["name"]] = entry
    return found


def doc_blocks() -> dict[str, str]:
    """Texts of the doc blocks, by name."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.md")]
    return {name: body.strip() for text in texts for name, body in DOC_BLOCK.findall(text)}


def defined_macros() -> dict[str, list[str]]:
    """Names of the arguments of each macro and generic test, by the name that dbt gives it."""
    found = {}
    for folder in ("macros", "tests/generic"):
        for path in (ROOT / folder).rglob("*.sql"):
            for kind, name, arguments in MACRO.findall(path.read_text(encoding="utf-8")):
                engine = "spark" if path.parent.name == "spark" else "duckdb"
                full_name = {
                    "test": f"test_{name}",
                    "materialization": f"materialization_{name}_{engine}",
                }
                listed = [text.split("=")[0].strip() for text in arguments.split(",")]
                found[full_name.get(kind, name)] = [text for text in listed if text]
    return found


MODELS = entries("models")
SQL_MODELS = {path.stem for path in (ROOT / "models").rglob("*.sql")}
PYTHON_MODELS = {path.stem for path in (ROOT / "python_models").rglob("*.py")}


@pytest.mark.parametrize("name", sorted(SQL_MODELS | PYTHON_MODELS))
def test_model_opens_with_its_grain(name):
    assert name in MODELS, "not in any yml file"
    assert MODELS[name]["description"].strip().startswith("One row per ")
    assert MODELS[name].get("columns"), "no column is described"


@pytest.mark.parametrize("name", sorted(SQL_MODELS | PYTHON_MODELS))
def test_model_has_a_data_test(name):
    if MODELS[name].get("config", {}).get("materialized") != "ephemeral":
        parts = [MODELS[name], *MODELS[name]["columns"]]
        assert any(part.get("data_tests") for part in parts), "no data test"


@pytest.mark.parametrize("kind", ["models", "exposures", "unit_tests", "data_tests", "macros"])
def test_every_entry_and_its_parts_are_described(kind):
    blocks = doc_blocks()
    for name, entry in entries(kind).items():
        for part in [entry, *entry.get("columns", []), *entry.get("arguments", [])]:
            text = part.get("description") or ""
            assert text.strip(), f"{name}: {part['name']}"
            for block in DOC_USE.findall(text):
                assert blocks.get(block), f"{name}: {part['name']} quotes no doc block {block}"


PLAN = re.compile(r"{#[^#]*\b1\. [^#]*\b2\. [^#]*#}")


def test_a_long_model_opens_with_a_numbered_plan():
    texts = {path.stem: path.read_text() for path in (ROOT / "models").rglob("*.sql")}
    lines = {name: len(text.splitlines()) for name, text in texts.items()}
    assert max(lines.values()) <= 80
    assert statistics.median(lines.values()) <= 45
    long_models = {name: texts[name] for name in texts if lines[name] > 60}
    assert [name for name, text in long_models.items() if not PLAN.search(text)] == []


def test_a_long_macro_opens_with_a_numbered_plan():
    macros = [
        text
        for path in (ROOT / "macros").rglob("*.sql")
        for text in re.findall(r"{%-? macro .*?endmacro", path.read_text(), re.DOTALL)
    ]
    long_macros = [text for text in macros if len(text.splitlines()) > 60]
    assert len(long_macros) > 5
    assert [text.split("(")[0] for text in long_macros if not PLAN.search(text)] == []


WRITTEN = {".py", ".sql", ".yml", ".md", ".toml", ".js", ".css", ".html"}
COMPILED_TOGETHER = "_walk_steps.py"
"""numba's cache does not see changes in the functions of another file."""


def test_no_file_is_over_450_lines():
    """But the compiled steps of walks."""
    folders = (
        *("longtail", "macros", "models", "python_models", "tests"),
        *("benchmarks", "datasets", "docs"),
    )
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in WRITTEN
        and not any(part[0] == "." for part in path.parts[len(ROOT.parts) :])
    ]
    assert len(files) > 500
    long_files = [path.name for path in files if len(path.read_text().splitlines()) > 450]
    assert long_files == [COMPILED_TOGETHER]


def test_doc_blocks_are_used():
    used = {
        block for path in YML_FILES for block in DOC_USE.findall(path.read_text(encoding="utf-8"))
    }
    assert set(doc_blocks()) - used == {"__overview__"}


def test_yml_describes_nothing_that_is_gone():
    assert set(MODELS) == SQL_MODELS | PYTHON_MODELS
    assert set(entries("macros")) == set(defined_macros())
    assert set(entries("data_tests")) == {
        path.stem for path in (ROOT / "tests/singular").glob("*.sql")
    }


def test_macro_arguments_are_described():
    described = {
        name: [argument["name"] for argument in entry.get("arguments", [])]
        for name, entry in entries("macros").items()
    }
    assert described == defined_macros()


def test_vars_have_comments():
    text = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    lines = text.partition("\nvars:\n")[2].partition("\nmodels:\n")[0].splitlines()
    bare = [
        line.strip()
        for before, line in pairwise(["", *lines])
        if line.strip() and "#" not in line and not re.match(r" *# (?!----)", before)
    ]
    assert bare == []
    assert len(yaml.safe_load(text)["vars"]) <= len(lines)


def test_columns_of_tables_are_the_described_ones(demo):
    with duckdb.connect(str(demo.warehouse / "longtail.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, list(column_name order by column_name) from duckdb_columns()"
            " where not internal group by table_name"
        ).fetchall()
    built = {name: columns for name, columns in rows if name in MODELS}
    assert len(built) > 60
    for name, columns in built.items():
        assert sorted(column["name"] for column in MODELS[name]["columns"]) == columns, name
