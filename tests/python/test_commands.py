"""Commands in README, docs and the benchmarks' pages exist, with the options and vars they name."""

import re
import shlex
from pathlib import Path

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "benchmarks").glob("*/README.md")),
]
BLOCK = re.compile(r"^```(bash|cron|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|(?:\.venv/bin/)?python) [^`]+)`")
INDENTED = re.compile(r"^    ((?:make|(?:\.venv/bin/)?python) .*)$", re.MULTILINE)
PYTHON = re.compile(r"(?:^|&& )(?:\.venv/bin/)?python ((?:-m [\w.]+|[\w/]+\.py)[^&|>#]*)")
MAKE = re.compile(r"(?:^|&& |: )make ([^&|>#]*)")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SETTINGS = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def commands(page: Path) -> list[str]:
    """Return the lines of a page that are commands, without comments."""
    text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
    blocks = [block for kind, block in BLOCK.findall(text) if kind != "sql"]
    lines = [line for block in blocks for line in block.splitlines()]
    lines += INLINE.findall(text.replace("\n", " ")) + INDENTED.findall(text)
    return [re.sub(r"\s+# .*", "", line).strip() for line in lines]


def found(pattern: re.Pattern) -> list[tuple[str, str]]:
    """Return the page's name and the arguments of each command."""
    return [
        (page.relative_to(ROOT).as_posix(), given.strip())
        for page in PAGES
        for line in commands(page)
        for given in pattern.findall(line)
    ]


def test_there_are_commands_to_check():
    assert len(found(MAKE)) > 40
    assert len(found(PYTHON)) > 15


@pytest.mark.parametrize("page, given", sorted(set(found(MAKE))))
def test_make_has_the_target_and_the_arguments(page, given):
    words = shlex.split(given)
    target, arguments = words[0], [word.partition("=") for word in words[1:] if "=" in word]
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    for name, _, value in arguments:
        assert re.search(rf"\b{name}\b", MAKEFILE), name
        if name == "VARS" and "..." not in value:
            assert set(yaml.safe_load(value)) <= set(SETTINGS)


@pytest.mark.parametrize("page, given", sorted(set(found(PYTHON))))
def test_python_has_the_module_and_its_options(page, given):
    words = shlex.split(given)
    if words[0] == "-m":
        name = words[1].replace(".", "/")
        files = [ROOT / f"{name}.py", *(ROOT / name).glob("*.py")]
        if words[1] in ("pytest", "dbt"):
            return
    else:
        folder = ROOT if "/" in words[0] else ROOT / Path(page).parent
        files = [folder / words[0]]
    texts = [file.read_text(encoding="utf-8") for file in files if file.exists()]
    assert texts, f"{page} names {words[:2]}"
    if "from run import" in texts[0]:  # a benchmark's script takes the options of the one beside it
        texts.append(files[0].with_name("run.py").read_text(encoding="utf-8"))
    own = words[: words.index("--")] if "--" in words else words  # the rest goes to dbt
    options = [word.partition("=")[0] for word in own if word.startswith("--")]
    assert [option for option in options if not any(option in text for text in texts)] == []


def test_the_question_of_the_readme_is_answered(demo, tmp_path, monkeypatch):
    (tmp_path / "warehouse").symlink_to(demo.warehouse)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r'^\.venv/bin/python -c "\n(.*?)"\n```', text, re.MULTILINE | re.DOTALL)[1]
    shown: list = []
    exec(code.replace('\\"', '"'), {"print": shown.append})
    assert [len(rows.fetchall()) for rows in shown] == [5, 5]


@pytest.mark.parametrize("name", ["nightly", "tables"])
def test_queries_of_other_pages_run(demo, name):
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    queries = [block for kind, block in BLOCK.findall(text) if kind == "sql"]
    assert queries
    with duckdb.connect(str(demo.warehouse / "longtail.duckdb"), read_only=True) as shop:
        for query in queries:
            shop.execute(query).fetchall()
