"""Input can neither run code, nor inject SQL, nor leave the machine."""

import ast
import hashlib
import re
from pathlib import Path

import pytest
import yaml
from dbt_shop import HEADER, ROOT
from staging_sql import described

from longtail.build import scan, settings

CODE = sorted(
    path
    for folder in ("longtail", "python_models", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
SHIPPED = [path for path in CODE if path.is_relative_to(ROOT / "longtail")] + [
    path for path in CODE if path.is_relative_to(ROOT / "python_models")
]
LOADS_CODE = {"pickle", "cPickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
TALKS = {"socket", "ssl", "urllib", "http", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}
RUNS_CODE = {"eval", "exec", "compile", "__import__"}


def imports(path: Path) -> set[str]:
    """Return the top-level names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Return the calls of a file with the dotted name of what is called."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [(ast.unparse(node.func), node) for node in nodes if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled(path):
    assert imports(path).isdisjoint(LOADS_CODE)
    for name, call in calls(path):
        last = name.split(".")[-1]
        # gensim's and numpy's own formats are pickles; YAML's full loader makes any object.
        assert last not in ("load_word2vec_format", "unsafe_load", "full_load", "read_pickle"), name
        assert last != "load" or name in ("np.load", "numpy.load", "json.load"), name
        for word in call.keywords:
            assert word.arg != "allow_pickle" or ast.unparse(word.value) == "False", name
        assert last != "save" or name in ("np.save", "numpy.save"), name


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_shipped_code_talks_to_a_network_or_a_shell(path):
    assert imports(path).isdisjoint(TALKS)
    for name, call in calls(path):
        assert name not in RUNS_CODE | {"os.system", "os.popen"}, name
        assert all(word.arg != "shell" for word in call.keywords), name


def test_dbt_sends_no_statistics_and_duckdb_fetches_no_extension():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    assert project["flags"]["send_anonymous_usage_stats"] is False
    profile = yaml.safe_load((ROOT / "profiles.yml").read_text())
    outputs = profile["longtail"]["outputs"]
    for target in outputs.values():
        options = target.get("config_options") or target["duckdb_options"]
        assert options["autoinstall_known_extensions"] == "false"


# ---- dependencies ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "at_least"), [("requirements", 50), ("requirements-checks", 10)])
def test_every_dependency_is_locked_to_a_version_and_hashes(name, at_least):
    lock = (ROOT / f"{name}.lock").read_text()
    entries = lock.replace("\\\n", " ").strip().splitlines()
    assert len(entries) > at_least
    for entry in entries:
        assert re.fullmatch(
            r"[A-Za-z0-9._\[\]-]+==[^\s;]+(?: ; [^-]*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+\s*",
            entry,
        ), entry
    locked = {re.split(r"[=\[]", entry)[0].lower() for entry in entries}
    wanted = [line.split("#")[0].strip() for line in (ROOT / f"{name}.in").open()]
    named = {re.split(r"[<>=\[]", line)[0] for line in wanted if line and line[0] != "-"}
    assert named and named <= locked
    assert "--require-hashes" in (ROOT / "Makefile").read_text()


def test_no_file_of_dependencies_names_a_host():
    for name in (*ROOT.glob("requirements*"), "pyproject.toml", "Makefile"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert not re.search(r"--(extra-)?index-url[ =]|--find-links|--trusted-host", text), name


# ---- what stands in vars and names stays text --------------------------------------------------

LINE = "2024-01-01 10:00:00 UTC,view,p1,c1,a.b,br,1.50,u1,s1"
HOSTILE = (
    "'; drop table staged; --",
    "') ; copy (select 1) to 'stolen.csv'; --",
    '"; drop table staged; --',
    "{{ 1 / 0 }}",
    "{% raw %}",
    "{# not closed",
    "$$; drop table staged; $$",
    "back\\slash\\'",
    "two\nlines; --",
    "/* open",
    "$(touch stolen.csv) `touch stolen.csv`",
    "ünï☃",
)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty working directory, in which a break-out would leave a file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, header: str = ",".join(HEADER), line: str = LINE) -> str:
    path.write_text(f"{header}\n{line}\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_file_name_stays_a_name(text, folder, staging):
    path = write(folder / text.replace("/", "_"))
    for salt in ("", "a-salt-of-the-tests/1"):
        staged = staging(path, user_salt=salt)
        assert [row["source_file"] for row in staged.kept] == [path]
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_column_name_stays_a_name(text, folder, staging):
    name = text.replace("\n", " ").replace('"', "'")
    path = write(folder / "log.csv", header=",".join([*HEADER[:-1], f'"{name}"']))
    staged = staging(path, columns={"user_session": name})
    assert [row["user_session"] for row in staged.kept] == ["s1"]
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_stays_a_value(text, folder, staging):
    quoted = text.replace('"', '""')
    path = write(folder / "log.csv", line=LINE.replace("u1", f'"{quoted}"'))
    assert [row["user_id"] for row in staging(path).kept] == [text]
    salt = "a-salt-of-the-tests/1"
    hashed = hashlib.sha256((salt + text).encode()).hexdigest()
    assert [row["user_id"] for row in staging(path, user_salt=salt).kept] == [hashed]
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_reason_stays_a_reason(text, folder, staging):
    path = write(folder / "log.csv")
    staged = staging(path, reject_when={text: "brand = 'br'"})
    assert staged.reasons == [text]


@pytest.mark.parametrize("text", [text for text in HOSTILE[:-1] if "$$" not in text])
@pytest.mark.parametrize("var", ["columns", "reject_when"])
def test_a_hostile_expression_is_refused(var, text, folder, staging):
    path = write(folder / "log.csv")
    with pytest.raises(ValueError, match=f"var '{var}', entry 'brand'"):
        staging(path, **{var: {"brand": text}})
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


def test_an_expression_in_dollars_is_a_text(folder, staging):
    path = write(folder / "log.csv")
    staged = staging(path, columns={"brand": "$$'; drop table staged; --$$"})
    assert [row["brand"] for row in staged.kept] == ["'; drop table staged; --"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "name", ["hash_user_ids", "graph_cutoff", "exclude", "rp3_groups", "window", "demo_start"]
)
def test_a_hostile_var_is_refused(name, text):
    with pytest.raises(ValueError, match=f"^var '{name}' must be "):
        settings.check({name: text}, settings.load_defaults(ROOT / "dbt_project.yml"))


@pytest.mark.parametrize("text", ["'; drop", "\\'", "$$", "--", ";"])
def test_hostile_csv_options_stay_options(text, folder, staging):
    delimiter = text[:4]
    path = write(
        folder / "log.csv", header=delimiter.join(HEADER), line=LINE.replace(",", delimiter)
    )
    staged = staging(path, csv_options={"delim": delimiter})
    assert [row["user_id"] for row in staged.kept] == ["u1"]


# ---- user ids ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "is_refused"),
    [
        ({"user_session": "user_id"}, True),
        ({"user_session": "User_ID"}, True),
        ({"brand": 'upper("user_id") || brand'}, True),
        ({"user_id": "coalesce(user_id, user_session)"}, True),
        ({"user_id": "user_id || '-eu'", "user_session": "'user_id'"}, False),
        ({"user_session": "null"}, False),
    ],
)
def test_no_other_column_may_show_an_id_that_is_to_be_hashed(columns, is_refused, folder):
    files = described(write(folder / "log.csv"))
    scan.scan_sql(files, columns=columns)
    if is_refused:
        with pytest.raises(ValueError, match=r"^var 'columns', entry '\w+': .* hash_user_ids"):
            scan.scan_sql(files, columns=columns, user_salt="a-salt-of-the-tests/1")
    else:
        scan.scan_sql(files, columns=columns, user_salt="a-salt-of-the-tests/1")


def test_a_hash_is_of_the_trimmed_id_and_a_missing_id_stays_missing(folder, staging):
    lines = "\n".join(LINE.replace("u1", user) for user in ("7", " 7 ", "", "  "))
    staged = staging(write(folder / "log.csv", line=lines), user_salt="a-salt-of-the-tests/1")
    hashed = hashlib.sha256(b"a-salt-of-the-tests/17").hexdigest()
    assert [row["user_id"] for row in staged.kept] == [hashed, hashed]
    assert staged.reasons == ["missing user_id", "missing user_id"]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["by DuckDB", "line by line"])
def test_a_line_that_cannot_be_split_is_withheld(end, folder, staging):
    lines = end.join([LINE, "2024-01-01,view,secret-user", LINE.replace("br", '"b"r')])
    staged = staging(write(folder / "log.csv", line=lines), user_salt="a-salt-of-the-tests/1")
    assert len(staged.reasons) == 2
    texts = [row["raw_line"] for row in staged.rejected]
    texts += [row["raw_text"] for row in staged.broken_lines]
    assert texts == [scan.WITHHELD] * 2
