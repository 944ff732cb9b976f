"""The blocks of docs/asking.md, docs/tour.md and docs/export.md do what the pages say."""

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from longtail.export.__main__ import FORMS, parser
from longtail.export.lists import FORMAT, exported_lists

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
ASKING, TOUR = (
    BLOCK.findall((DOCS / page).read_text(encoding="utf-8")) for page in ("asking.md", "tour.md")
)
EXPORT = (DOCS / "export.md").read_text(encoding="utf-8")


@pytest.fixture
def beside_warehouse(demo, tmp_path, monkeypatch) -> Path:
    """A folder whose `warehouse` is the demo's."""
    (tmp_path / "warehouse").symlink_to(demo.warehouse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("sql, error", [block[1:] for block in ASKING + TOUR if block[0] == "sql"])
def test_a_question_is_answered(beside_warehouse, sql, error):
    attaches = sql.startswith("attach")
    with duckdb.connect(*([] if attaches else ["warehouse/longtail.duckdb", True])) as shop:
        for statement in duckdb.extract_statements(sql):
            if error:
                with pytest.raises(duckdb.InvalidInputException) as refusal:
                    shop.execute(statement).fetchall()
                assert str(refusal.value).endswith(error.strip())
            else:
                rows = shop.execute(statement).fetchall()
                asks = statement.query.strip().startswith(("from", "select"))
                assert rows or not asks or "build_diff" in sql  # the demo's first build


@pytest.mark.parametrize("code", [block[1] for block in ASKING + TOUR if block[0] == "python"])
def test_python_runs(beside_warehouse, code):
    found: dict = {}
    exec(code, found)
    assert found["rows"]


def test_every_list_and_function_is_on_the_page():
    text = (DOCS / "asking.md").read_text(encoding="utf-8")
    root = DOCS.parent
    names = [file.stem for file in (root / "models" / "insights").glob("*.sql")]
    names += [file.stem for file in (root / "longtail" / "build" / "sql").glob("*.sql")]
    assert [name for name in names if f"`{name}" not in text] == []


def test_commands_of_the_tour_are_those_of_make():
    commands = [
        line.split()[:2] for kind, text, _ in TOUR if kind == "bash" for line in text.splitlines()
    ]
    targets = re.findall(r"^([a-z]+):", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
    assert {command[1] for command in commands if command[0] == "make"} <= set(targets)
    assert {command[0] for command in commands} == {"make", "cd"}


def test_commands_of_the_export_page_are_those_of_make_and_python():
    block = re.search(r"```bash\n(.*?)```", EXPORT, re.DOTALL)[1]
    commands = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert all(command[:2] == ["make", "export"] for command in commands)
    given = [dict(word.split("=", 1) for word in command[2:]) for command in commands]
    assert {options.get("TO", "jsonl") for options in given} == set(FORMS)
    assert set().union(*given) == {"TO", "OUT", "K", "FLAGS"}
    command = re.search(r"`python -m longtail.export (.*?)`", EXPORT)[1]
    assert parser().parse_args(shlex.split(command)).to == "csv"


def test_the_format_is_the_described_one():
    assert f"## Format, version {FORMAT}" in EXPORT
    for exported in exported_lists(1):
        table = EXPORT.partition(f"`{exported.name}`, key `{', '.join(exported.keys)}, rank`")[2]
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", table.partition("\n\n`")[0], re.MULTILINE)
        described = rows[: len(exported.columns)]
        kinds = {name: kind.split()[0] for name, kind in exported.columns.items()}
        assert dict(described) == kinds


@pytest.mark.parametrize("page", ["asking.md", "export.md"])
def test_a_page_is_short(page):
    assert len((DOCS / page).read_text(encoding="utf-8").splitlines()) < 150
