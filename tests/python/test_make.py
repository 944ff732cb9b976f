"""make passes on user input and installs when the lock changes; tested with fake programs."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dbt_shop import ROOT

from longtail.build.warm_up import make_importable

pytestmark = pytest.mark.slow

FAKE = """#!{python}
import json, os, sys
with open("calls", "a") as calls:
    place = os.environ["LONGTAIL_WAREHOUSE"]
    print(json.dumps([os.path.basename(sys.argv[0]), place, *sys.argv[1:]]), file=calls)
"""
FAKE_PYTHON = (
    FAKE
    + """
if not {{"-m"}} & set(sys.argv) or "longtail.build.vars" in sys.argv:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
if "venv" in sys.argv and not os.path.exists(".venv/bin/python"):
    os.makedirs(".venv/bin")
    for program in ("pip", "python"):
        os.symlink(os.path.abspath("bin/" + program), ".venv/bin/" + program)
"""
)


class Checkout:
    """A folder with the Makefile and fake programs that only record their calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        for name in ("longtail", "datasets", "dbt_project.yml", "Makefile"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "requirements.lock").write_text("duckdb==1\n")
        (folder / "requirements-checks.lock").write_text("pytest==1\n")
        for program in ("pip", "python"):
            script = folder / "bin" / program
            text = FAKE_PYTHON if program == "python" else FAKE
            script.write_text(text.format(python=sys.executable))
            script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def make(self, *arguments: str, **environment: str) -> list[list[str]]:
        """Run make; return the calls of programs, each with its warehouse."""
        (self.folder / "calls").write_text("")
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("EVENTS", "VARS", "LONGTAIL_WAREHOUSE", "MAKEFLAGS", "MAKELEVEL")
        }
        done = subprocess.run(
            ["make", "--silent", "PYTHON=bin/python", *arguments],
            cwd=self.folder,
            env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        lines = (self.folder / "calls").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def dbt(self, *arguments: str, **environment: str) -> tuple[str, list[str], dict]:
        """Run make build; return dbt's warehouse, options and vars.

        Unit tests are always excluded: they do not read the log.
        """
        calls = self.make(*arguments, **environment)
        (call,) = [call for call in calls if call[2:4] == ["-m", "longtail.build.console"]]
        assert call[4] == "build" and call[-2] == "--vars"
        options = call[5:-2]
        place = options.index("--exclude-resource-type")
        assert options[place + 1] == "unit_test"
        return call[1], options[:place] + options[place + 2 :], json.loads(call[-1])

    def installs(self) -> bool:
        """Run make report; return whether it installed anything."""
        return any(call[0] == "pip" for call in self.make("report"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("check out"))


ODD_TEXTS = (
    "it's",
    '"purchase"',
    "'purchase'",
    "$1 $$ $(shell touch made) ${HOME} $x",
    "`touch made` ; touch made & | < >",
    "back\\slash \\n \\",
    "two\nlines",
    "# no comment, % * ? [a] ~ !",
    "ü 日本 😀",
)


@pytest.mark.parametrize("by", ["argument", "environment"])
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_what_the_user_writes_arrives_unchanged(checkout, text, by):
    given = {
        "EVENTS": f"logs/{text}*.csv",
        "VARS": json.dumps({"columns": {"event_type": text}}, ensure_ascii=False),
        "WAREHOUSE": f"/data/{text}",
    }
    if by == "argument":
        found = checkout.dbt("build", *(f"{name}={value}" for name, value in given.items()))
    else:
        found = checkout.dbt("build", **given)
    assert found == (
        given["WAREHOUSE"],
        [],
        {"columns": {"event_type": text}, "events": given["EVENTS"]},
    )
    assert not (checkout.folder / "made").exists()


def test_options_of_dbt_are_split_at_spaces_and_nowhere_expanded(checkout):
    flags = "--full-refresh --select tag:* $HOME state:modified+"
    _, options, _ = checkout.dbt("build", f"FLAGS={flags}")
    assert options == flags.split()


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_an_export_gets_form_place_and_number_unchanged(checkout, text):
    (call,) = checkout.make("export", "TO=csv", f"OUT={text}", "K=5", "FLAGS=--with-seen")[-1:]
    options = ["--to", "csv", "--out", text, "--k", "5", "--with-seen"]
    assert call[2:] == ["-m", "longtail.export", *options]
    assert not (checkout.folder / "made").exists()


def test_a_preset_is_named(checkout):
    _, _, given = checkout.dbt("build", "DATASET=rees46", "EVENTS=x.csv")
    assert given["click_event_types"] == ["view"]


def test_inspect_gets_what_the_user_writes(checkout):
    (call,) = [call for call in checkout.make("inspect", "EVENTS=it's $x*.csv") if "-m" in call]
    assert call[2:] == ["-m", "longtail.inspect"]


def test_the_warehouse_is_that_of_make_then_that_of_the_environment_then_the_default(checkout):
    assert checkout.dbt("build")[0] == ""
    assert checkout.dbt("build", LONGTAIL_WAREHOUSE="/data/$x")[0] == "/data/$x"
    assert checkout.dbt("build", "WAREHOUSE=w", LONGTAIL_WAREHOUSE="/data/$x")[0] == "w"


def test_dev_builds_few_events_without_the_map_out_of_the_way(checkout):
    small = {"demo_events": 10000, "map_products": 0}
    assert checkout.dbt("dev", LONGTAIL_WAREHOUSE="/data/shop") == ("target/dev", [], small)
    more = checkout.dbt("dev", "VARS={window: 3, demo_events: 20000}", "WAREHOUSE=w")
    assert more == ("w", [], small | {"window": 3, "demo_events": 20000})


def test_a_mistake_in_the_vars_ends_make_before_dbt(checkout):
    with pytest.raises(AssertionError, match="did you mean 'window'"):
        checkout.make("build", "VARS={windo: 3}")
    assert "longtail.build.console" not in (checkout.folder / "calls").read_text()


@pytest.mark.slow
def test_an_installation_is_known_by_its_lock_and_python_not_by_times(tmp_path):
    checkout = Checkout(tmp_path)
    lock = tmp_path / "requirements.lock"
    assert checkout.installs()
    assert not checkout.installs()
    os.utime(lock)  # as git does in a fresh clone
    assert not checkout.installs()
    lock.write_text("duckdb==2\n")
    os.utime(lock, (0, 0))
    assert checkout.installs()
    assert not checkout.installs()
    stamp = tmp_path / ".venv" / "requirements.installed"
    stamp.write_text(stamp.read_text().replace(sys.version.split()[0], "3.0.0"))
    assert checkout.installs()
    stamp.write_text("")  # of an earlier Makefile
    assert checkout.installs()
    (tmp_path / ".venv" / "bin" / "python").unlink()
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    assert checkout.installs()
    shutil.rmtree(tmp_path / ".venv")
    assert checkout.installs()


def test_checks_are_installed_when_they_are_run_and_by_a_lock_of_their_own(tmp_path):
    checkout = Checkout(tmp_path)
    assert locks_of(checkout.make("report")) == ["requirements.lock"]
    assert locks_of(checkout.make("checks")) == ["requirements-checks.lock"]
    assert locks_of(checkout.make("checks")) == []
    (tmp_path / "requirements-checks.lock").write_text("pytest==2\n")
    assert locks_of(checkout.make("report")) == []
    assert locks_of(checkout.make("checks")) == ["requirements-checks.lock"]


def locks_of(calls: list[list[str]]) -> list[str]:
    return [call[-1] for call in calls if call[0] == "pip"]


def test_a_failed_installation_is_tried_again(tmp_path):
    checkout = Checkout(tmp_path)
    pip = tmp_path / "bin" / "pip"
    working = pip.read_text()
    pip.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AssertionError):
        checkout.installs()
    pip.write_text(working)
    assert checkout.installs()
    assert not checkout.installs()


def test_the_package_is_found_from_any_folder_but_a_checkout_is_before_it(tmp_path):
    make_importable(tmp_path)
    other = tmp_path / "other" / "longtail"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    ask = (
        "import site, sys; site.addsitedir(sys.argv[1]); sys.path.append('.');"
        "import longtail; print(longtail.__file__)"
    )

    def found(folder: Path) -> str:
        command = [sys.executable, "-P", "-c", ask, str(tmp_path)]
        done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True)
        return str(Path(folder, done.stdout.strip()).resolve())

    assert found(tmp_path) == str(ROOT / "longtail" / "__init__.py")
    assert found(other.parent) == str(other / "__init__.py")


def test_a_catalogue_is_named_and_its_stock_alone_read(checkout):
    text = "it's $x*.csv"
    words = [f"PRODUCTS={text}", f"IMPRESSIONS={text}", "EVENTS=x.csv"]
    _, options, given = checkout.dbt("build", *words)
    assert options == []
    assert given == {"events": "x.csv", "catalogue": text, "impressions": text}
    _, options, same = checkout.dbt("stock", *words)
    assert same == given
    assert options == ["--select", "tag:availability+"]
