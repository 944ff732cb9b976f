"""Exactly the unchanged tables are reused: each kind of input is changed once."""

import ast
import json
import shutil

import duckdb
import pyarrow as pa
import pytest
from dbt_shop import ROOT, parsed_for
from nightly_shop import Nights, events_of, given_back

from longtail.build import days, kept
from longtail.build.warehouse import write_parquet

SELECT = ("+successors_deepwalk", "+neighbours_rp3beta")
READ_FILES = {"stg_raw_events", "rejected_events"}
LEARNED = {"walks_deepwalk", "embeddings_deepwalk", "successors_deepwalk"}


class Kept(Nights):
    """A shop that is built up to some neighbours, and lists the rebuilt models."""

    def build(self, *options: str, **overrides) -> set[str]:
        """Build, and return the rebuilt models except those that read files."""
        outcome = self.run(*options, select=SELECT, **overrides)
        assert outcome.is_good, outcome.text
        return self.made()

    def made(self) -> set[str]:
        return self.models("status != 'kept'") - READ_FILES

    def models(self, condition: str = "true") -> set[str]:
        log = f"read_parquet('{self.work}/model_runs.parquet')"
        last = f"run_started_at = (select max(run_started_at) from {log})"
        found = duckdb.sql(f"select model from {log} where {last} and {condition}").fetchall()
        return {model for (model,) in found}

    def whole(self) -> dict[str, list[tuple]]:
        """The rows of every table that was built."""
        return {name: self.rows_of(name) for name in self.models() if name != "stg_raw_events"}


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory) -> Kept:
    """Three days, built once and never changed."""
    shop = Kept(tmp_path_factory.mktemp("yesterday"), range(3))
    shop.build()
    return shop


@pytest.fixture
def nights(yesterday):
    """The shop of yesterday, restored after each test."""
    yield from given_back(yesterday)


def test_nothing_new_makes_nothing(nights):
    before = nights.whole()
    assert nights.build() == set()
    assert nights.whole() == before


@pytest.mark.parametrize(
    ("var", "made"),
    [
        ({"walk_length": 5}, LEARNED),
        # Of the lists and the evaluation, which this build does not make, and of two neighbours.
        (
            {
                **{"repeat_weight": 0.5, "blend": {"covisit": 0.5}, "bootstrap_samples": 3},
                **{"popularity": 0.9, "rp3_beta": 0.1},
            },
            {"successors_deepwalk", "neighbours_rp3beta"},
        ),
    ],
)
def test_another_var_makes_what_reads_it(nights, var, made):
    found = nights.build(**var)
    assert found == made
    tables = nights.whole()
    nights.build("--full-refresh", **var)
    assert nights.whole() == tables


def test_other_rows_make_what_reads_them(nights):
    nights.write("day3.csv", events_of(3))
    assert LEARNED | {"product_edges", "neighbours_rp3beta"} <= nights.build()
    tables = nights.whole()
    nights.build("--full-refresh")
    assert nights.whole() == tables


def test_other_code_makes_its_table_and_no_reader_of_the_same_rows(nights, monkeypatch):
    code = {"neighbours_rp3beta": "-- a comment\n", "product_nodes": "{# none at all #}"}

    def parsed_with_other_code(*arguments):
        manifest = parsed_for(*arguments)
        for model, text in code.items():
            manifest.nodes[f"model.longtail.{model}"].raw_code += text
        return manifest

    monkeypatch.setattr("dbt_shop.parsed_for", parsed_with_other_code)
    assert nights.build() == {"neighbours_rp3beta"}
    code["product_edges"] = "\n-- another that changes no row"
    assert nights.build() == {"product_edges"}


def test_other_code_of_the_package_makes_the_models_that_run_it(nights, monkeypatch, tmp_path):
    shutil.copytree(ROOT / "longtail", tmp_path / "longtail")
    monkeypatch.setattr(kept, "PROJECT", tmp_path)
    assert nights.build() == set()
    with (tmp_path / "longtail" / "kernels" / "walks.py").open("a") as file:
        file.write("# another line\n")
    assert nights.build() == {"walks_deepwalk"}  # whose rows are the same again
    with (tmp_path / "longtail" / "kernels" / "search.py").open("a") as file:
        file.write("# another line\n")
    # Vectors of products without edges come from a search of the catalogue's vectors.
    assert nights.build() == {"embeddings_deepwalk", "successors_deepwalk"}


def test_full_refresh_makes_everything(nights):
    before = nights.whole()
    nights.build("--full-refresh")
    assert nights.models("status = 'kept'") == set()
    assert nights.whole() == before


@pytest.mark.parametrize("moment", ["before the file", "before the note"])
def test_a_table_that_broke_off_is_made_by_the_next_build(nights, monkeypatch, moment):
    def break_off(*arguments, **named):
        if "walks_deepwalk" in str(arguments):
            raise OSError("power cut")
        return original(*arguments, **named)

    module, name = (
        ("longtail.build.warehouse", "write_parquet")
        if moment == "before the file"
        else ("longtail.build.kept", "note_table")
    )
    original = write_parquet if moment == "before the file" else kept.note_table
    monkeypatch.setattr(f"{module}.{name}", break_off)
    assert not nights.run(select=SELECT, walk_length=5).is_good
    monkeypatch.undo()
    # The file may hold walks of either length: the earlier request proves nothing.
    assert nights.build() >= {"walks_deepwalk"}
    tables = nights.whole()
    nights.build("--full-refresh")
    assert nights.whole() == tables


def test_what_a_hook_writes_comes_back(nights):
    edges = nights.work / "product_edges.edg"
    text = edges.read_bytes()
    edges.unlink()
    assert nights.build() == set()
    assert sorted(edges.read_bytes().split(b"\n")) == sorted(text.split(b"\n"))


# ---- the books ---------------------------------------------------------------------------------


def make(work, table: str, value: int, **plan) -> bool:
    """Make a table unless it is kept; return whether it is."""
    asked = {"code": "select 1", "language": "sql", "reads": [], "full": False} | plan
    found = kept.plan_table(work, table, **asked)
    if not found["is_kept"]:
        write_parquet(pa.table({"value": [value]}), work / f"{table}.parquet")
        kept.note_table(work, table, made_of=found["made_of"], rows=str(value))
    return found["is_kept"]


def test_sql_that_calls_a_compiled_function_depends_on_its_code(tmp_path, monkeypatch):
    for code, is_kept in (("select longtail_sparse_product([])", False), ("select 1", True)):
        monkeypatch.undo()
        make(tmp_path, "lists", 1, code=code)
        assert make(tmp_path, "lists", 1, code=code)
        monkeypatch.setattr(kept, "package_code", lambda code: f"other {code}")
        assert make(tmp_path, "lists", 1, code=code) == is_kept


def test_the_same_rows_of_another_making_leave_readers_alone(tmp_path):
    make(tmp_path, "parent", 1)
    assert not make(tmp_path, "child", 1, reads=["parent"])
    assert not make(tmp_path, "parent", 1, code="select 2")
    assert make(tmp_path, "child", 1, reads=["parent"])
    make(tmp_path, "parent", 2, code="select 3")
    assert not make(tmp_path, "child", 1, reads=["parent"])


def test_rows_too_many_to_read_again_count_as_others(tmp_path):
    make(tmp_path, "parent", 1)
    make(tmp_path, "child", 1, reads=["parent"])
    kept.note_table(tmp_path, "parent", made_of="", rows=None)
    assert not make(tmp_path, "child", 1, reads=["parent"])


def test_columns_of_another_name_or_type_are_other_rows(tmp_path):
    make(tmp_path, "parent", 1)
    make(tmp_path, "child", 1, reads=["parent"])
    write_parquet(pa.table({"renamed": [1]}), tmp_path / "parent.parquet")
    kept.note_table(tmp_path, "parent", made_of="", rows="1")
    assert not make(tmp_path, "child", 1, reads=["parent"])


def test_a_file_that_something_else_wrote_is_not_known(tmp_path):
    make(tmp_path, "parent", 1)
    make(tmp_path, "child", 1, reads=["parent"])
    write_parquet(pa.table({"value": [1]}), tmp_path / "parent.parquet")
    assert not make(tmp_path, "child", 1, reads=["parent"])
    assert not make(tmp_path, "child", 1, reads=["parent"])  # still not
    assert not make(tmp_path, "parent", 1)


@pytest.mark.parametrize(
    "code",
    [
        "from read_csv('a.csv')",
        "select now() as built_at",
        "select current_timestamp",
        "from range(9) where random() < 0.5",
        "from build.main.broken_catalogue_lines",
    ],
)
def test_what_no_code_shows_is_made_each_time(tmp_path, code):
    assert not make(tmp_path, "table", 1, code=code)
    assert not make(tmp_path, "table", 1, code=code)


def test_a_table_by_day_is_known_by_its_days(tmp_path):
    (tmp_path / "parent.parquet").mkdir()
    state = {"query": "q", "days": {"2024-01-01": {"version": "a", "rows": 1}}}
    days.save_state(tmp_path, "parent", **state)
    make(tmp_path, "child", 1, reads=["parent"])
    assert make(tmp_path, "child", 1, reads=["parent"])
    state["days"]["2024-01-02"] = {"version": "b", "rows": 1}
    days.save_state(tmp_path, "parent", **state)
    assert not make(tmp_path, "child", 1, reads=["parent"])
    days.save_state(tmp_path, "parent", query=days.UNFINISHED)
    assert not make(tmp_path, "child", 1, reads=["parent"])
    assert not make(tmp_path, "child", 1, reads=["parent"])


def test_another_version_of_a_library_makes_python_models_only(tmp_path, monkeypatch):
    python = {"code": "from longtail.kernels.walks import x", "language": "python"}
    make(tmp_path, "walks", 1, **python)
    make(tmp_path, "edges", 1)
    assert make(tmp_path, "walks", 1, **python)
    monkeypatch.setattr(kept, "_environment", lambda: ("numba 99",))
    assert not make(tmp_path, "walks", 1, **python)
    assert make(tmp_path, "edges", 1)


def test_notes_tell_no_value(tmp_path):
    make(tmp_path, "users", 1, code="select sha256('the salt' || user_id)")
    note = json.loads((tmp_path / "made_of" / "users.json").read_text())
    assert set(note) == {"made_of", "version", "file"}
    assert "salt" not in str(note)


def test_all_modules_that_code_imports_are_found():
    """As Python's own grammar finds them."""
    for file in [*ROOT.glob("longtail/**/*.py"), *ROOT.glob("python_models/**/*.py")]:
        text, names = file.read_text(encoding="utf-8"), set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        files = {ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in names}
        imported = {
            file for file in files if file.exists() and file.is_relative_to(ROOT / "longtail")
        }
        assert imported == set(kept._imported(text)), file
