"""Publication: only tables whose tests passed since they or their parents changed."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from dbt_common.exceptions import DbtRuntimeError
from dbt_shop import HEADER, ROOT
from small_project import GATES_TEST, NODES, PARENTS, Project

from longtail.build import event_files, sources
from longtail.build.actions import READS_EVENTS
from longtail.build.days import save_state
from longtail.build.machine import warehouse_folder
from longtail.build.plugin import Plugin
from longtail.build.run import Run
from longtail.build.warehouse import BuildState, write_parquet


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("longtail.build.actions.macro_statements", list)
    return Project(tmp_path)


MODELS = tuple(node for node in NODES if node.startswith("model."))
TESTS = tuple(node for node in NODES if node.startswith("test."))
LAST = "model.longtail.user_recommendations"


def test_a_good_build_is_published(project):
    lines = project.run()
    assert lines[0] == f"Published {project.root / 'longtail.duckdb'}"
    assert (project.root / "products.parquet").exists()


def test_a_failed_test_publishes_nothing(project):
    lines = project.run(failing=["test.longtail.products"])
    assert lines == [
        "Failed: test products: it broke",
        "Nothing was published; there is no earlier build.",
    ]
    assert not (project.root / "longtail.duckdb").exists()


def test_a_closed_gate_says_its_figures_even_when_others_have_none(project):
    project.begin(NODES)
    project.work_on(NODES)
    lines = project.finish([*NODES, GATES_TEST], [GATES_TEST], message="Got 1 result")
    assert lines == [
        "Failed: test assert_release_gates_pass: Got 1 result",
        "  edges of the graph: 0, must be at least 1: check user_session",
        "Nothing was published; there is no earlier build.",
    ]


def test_a_failed_build_keeps_the_last_good_one(project):
    project.run()
    before = (project.root / "products.parquet").read_bytes()
    lines = project.run(failing=[LAST])
    assert lines[-1] == "Nothing was published; the tables of the last good build are unchanged."
    assert (project.root / "products.parquet").read_bytes() == before


def test_models_without_their_tests_are_not_published(project):
    assert project.run(MODELS, which="run") == [
        "Not published yet: 2 tests have not passed since. Run `dbt test`."
    ]
    assert project.run(TESTS, which="test")[0].startswith("Published")


def test_a_changed_model_waits_for_those_that_read_it(project):
    project.run()
    lines = project.run(["model.longtail.stg_events"])
    assert lines[0].startswith("Not published yet: 2 models that read what changed")
    assert "products, user_recommendations" in lines[0]
    rest = ["model.longtail.products", LAST, *TESTS]
    assert project.run(rest)[0].startswith("Published")


def test_the_last_model_alone_is_published_with_its_tests(project):
    project.run()
    assert project.run([LAST, "test.longtail.recommended"])[0].startswith("Published")


def test_a_build_that_was_killed_is_not_taken_for_a_finished_one(project):
    project.run()
    project.begin(NODES)
    project.work_on(NODES[:3])
    lines = project.run([LAST, "test.longtail.recommended"])
    assert lines[0].startswith("Not published yet: ")
    assert project.run()[0].startswith("Published")


def test_a_run_without_a_model_says_and_does_nothing(project):
    project.run()
    before = (project.root / ".builds" / "current").readlink()
    assert project.run(TESTS, which="test") == []
    assert (project.root / ".builds" / "current").readlink() == before


def test_a_var_by_its_old_name_is_used_and_said(project):
    project.run(popularity_weight=0.5)
    assert project.said == [
        "The var 'popularity_weight' is 'interactions_exponent' now; the old name still works."
    ]
    project.run([LAST], interactions_exponent=0.5)
    assert project.said == []  # the tables that stay were made with the same value


def test_tables_of_different_vars_are_not_published_together(project):
    last = [LAST, "test.longtail.recommended"]
    project.run(recommendations=20)
    before = (project.root / ".builds" / "current").readlink()
    lines = project.run(last, recommendations=7)
    assert project.said == [
        "Tables that this run leaves as they are have another 'recommendations': "
        "it will not be published."
    ]
    assert len(lines) == 1
    assert lines[0].startswith(
        "Not published: the var 'recommendations' is 20 in 3 tables such as products "
        "and 7 in 1 tables such as user_recommendations. Run `dbt build`"
    )
    assert (project.root / ".builds" / "current").readlink() == before
    assert project.run(last, recommendations=20)[0].startswith("Published")
    assert project.run(recommendations=7)[0].startswith("Published")
    assert project.said == []


def test_tables_of_another_gate_are_published_together(project):
    project.run(gate_coverage=0.5)
    last = [LAST, "test.longtail.recommended"]
    assert project.run(last, gate_coverage=0.1, lookback_days=9)[0].startswith("Published")
    assert project.said == []


def test_the_settings_of_tables_from_before_they_were_noted_are_not_held_against_others(project):
    project.run(recommendations=20)
    state = json.loads((project.work / "state.json").read_text())
    (project.work / "state.json").write_text(json.dumps(state | {"made": []}))
    last = [LAST, "test.longtail.recommended"]
    assert project.run(last, recommendations=7)[0].startswith("Published")


def test_no_secret_is_noted(project):
    project.run(hash_user_ids="a-salt-of-16-letters")
    assert "a-salt-of-16" not in (project.work / "state.json").read_text()


def test_many_failures_are_cut_short(project):
    lines = project.run(failing=NODES)
    assert len(lines) == 5 + 2
    assert lines[5] == f"... and {len(NODES) - 5} more."


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Traceback (most recent call last):\n  File x\nValueError: no walks", "no walks"),
        ("Runtime Error in model x (models/{node}.sql)\n  every row\n  was bad", ": every row was"),
        ("IO Error: Unexpected end of GZIP stream", "fetch it again"),
        ("Out of Memory Error: failed to pin block", "raise LONGTAIL_MEMORY_LIMIT"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(message, shown, project):
    line = project.run(failing=[LAST], message=message.format(node=LAST))[0]
    assert line.startswith("Failed: model user_recommendations: ")
    assert shown in line
    assert "Traceback" not in line
    assert "\n" not in line


def test_bad_vars_and_files_stop_a_run_before_it_changes_anything(project):
    project.run()
    before = (project.work / "state.json").read_bytes()
    with pytest.raises(DbtRuntimeError, match="var 'p' must be a number above 0"):
        project.begin(NODES, p=0)
    with pytest.raises(DbtRuntimeError, match="no file matches 'nowhere'"):
        project.begin(NODES, events="nowhere")
    with pytest.raises(DbtRuntimeError, match="there is no file 'nowhere'"):
        project.begin(NODES, targets="nowhere")
    assert (project.work / "state.json").read_bytes() == before


def test_files_are_looked_at_only_when_they_will_be_read(project):
    project.begin(TESTS, which="test", events="nowhere")
    project.begin([LAST], events="nowhere")


def test_files_are_looked_at_once_per_run_and_again_in_the_next(project, tmp_path, monkeypatch):
    looked_at = []

    def look(paths, *options):
        looked_at.extend(paths)
        return event_files.describe_files(paths, *options)

    monkeypatch.setattr(sources, "describe_files", look)
    file = tmp_path / "events.csv"
    file.write_text(f"{','.join(HEADER)}\n2024-01-01,view,p,c,a.b,br,1,u,s\n")
    actions = Plugin("longtail", {}, project.credentials).actions
    run = Run({"events": str(file)})
    begun = {"run": run, "which": "build", "parents": PARENTS, "without_result": []}
    actions.do_begin(**begun, selected=[READS_EVENTS])
    actions.do_scan(run=run)
    assert looked_at == [str(file)]
    actions.do_begin(**begun, selected=[READS_EVENTS])
    assert looked_at == [str(file)] * 2


@pytest.mark.parametrize("part", ["empty", "sample"])
def test_a_part_of_the_rows_is_not_taken_for_all(part, project):
    with pytest.raises(DbtRuntimeError, match=f"--{part} builds tables of a part of the rows"):
        asked = {"which": "run", "parents": PARENTS, "without_result": []}
        project.tell("begin", run={"part": part}, selected=NODES, **asked)
    assert not BuildState(project.work).changed


def test_demo_events_need_the_var_demo_in_prod(project):
    asked = {"which": "build", "parents": PARENTS, "without_result": []}
    with pytest.raises(DbtRuntimeError, match=r"target prod builds no demo events: .* demo: true"):
        project.tell("begin", selected=NODES, run={"target": "prod"}, **asked)
    assert not BuildState(project.work).changed
    project.tell("begin", selected=[LAST], run={"target": "prod"}, **asked)
    project.tell("begin", selected=NODES, run={"target": "prod", "vars": {"demo": True}}, **asked)


@pytest.mark.parametrize("where", ["published", "staged"])
def test_demo_events_do_not_take_the_place_of_a_shops(where, project):
    project.run()
    project.begin(NODES)  # demo events after demo events
    if where == "published":
        table = pa.table({"source_file": ["demo", "logs/1.csv"]})
        write_parquet(table, project.root / ".builds/current/stg_events.parquet")
    else:
        save_state(project.work, "stg_events", files={"/logs/1.csv": {}})
    with pytest.raises(DbtRuntimeError, match=r"holds a shop's events, not .* demo: true"):
        project.begin(NODES)
    project.begin([LAST])
    project.begin(NODES, demo=True)


@pytest.mark.parametrize("inside", ["a file", "a quo'te", "a question?"])
def test_a_warehouse_that_cannot_be_is_refused(inside, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    (tmp_path / "a file").write_text("")
    project = Project(tmp_path / inside)
    with pytest.raises(DbtRuntimeError, match=r"the warehouse folder .* set LONGTAIL"):
        project.tell("settings", run={})


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("threads", "0", "LONGTAIL_THREADS takes a whole number from 1 to 999; it is '0'"),
        ("threads", "two", "LONGTAIL_THREADS takes"),
        ("threads", "1.5", "LONGTAIL_THREADS takes"),
        ("threads", "", "LONGTAIL_THREADS takes"),
        ("memory_limit", "4", "LONGTAIL_MEMORY_LIMIT takes an amount with its unit, such as 6GB"),
        ("memory_limit", "much", "LONGTAIL_MEMORY_LIMIT takes"),
        ("memory_limit", "0GB", "LONGTAIL_MEMORY_LIMIT takes"),
        ("memory_limit", "99KB", "LONGTAIL_MEMORY_LIMIT takes"),
    ],
)
def test_threads_and_memory_that_cannot_be_are_refused(option, value, said, project):
    project.credentials.config_options[option] = value
    with pytest.raises(DbtRuntimeError, match=re.escape(said)):
        project.tell("settings", run={})
    assert not project.root.exists()


@pytest.mark.parametrize(("option", "value"), [("threads", "16"), ("memory_limit", "80%")])
def test_threads_and_memory_that_duckdb_takes_pass(option, value, project):
    project.credentials.config_options[option] = value
    project.tell("settings", run={})


@pytest.mark.parametrize(
    ("given", "folder"), [("~/shop", "home/shop"), ("shop", "here/shop"), ("", "here/warehouse")]
)
def test_the_warehouse_folder_is_absolute(given, folder, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert warehouse_folder(given) == tmp_path / folder
    project = Project(Path(given))
    project.tell("settings", run={})
    folder = warehouse_folder(given or ".") / "warehouse" / ".work"
    assert project.credentials.external_root == str(folder)
    assert project.credentials.path == str(folder / "build.duckdb")


def test_a_warehouse_that_may_only_be_read_is_refused(project, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(DbtRuntimeError, match=r"cannot write to .* is not writable; set LONGTAIL"):
        project.tell("settings", run={})


def test_a_full_disk_is_said_and_spoils_nothing(project, monkeypatch):
    project.run()
    before = (project.work / "state.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("longtail.build.warehouse.json.dumps", no_space_left)
        with pytest.raises(DbtRuntimeError, match="the disk is full: free space"):
            project.begin(NODES)
        with pytest.raises(DbtRuntimeError, match="the disk is full: free space"):
            project.run([LAST, "test.longtail.recommended"])
    assert (project.work / "state.json").read_bytes() == before
    assert project.run()[0].startswith("Published")


def no_space_left(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_two_builds_at_once_are_one_too_many(project):
    project.begin(NODES)
    holding = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, project.credentials.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        with pytest.raises(DbtRuntimeError, match=r"another dbt runs in .*: wait"):
            project.begin(NODES)
        other.communicate(b"\n")
    project.begin(NODES)


def test_a_damaged_database_of_the_build_may_be_removed(project):
    project.begin(NODES)
    (project.work / "build.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(DbtRuntimeError, match="can rebuild: remove it"):
        project.begin(NODES)


def test_an_action_takes_what_it_names_and_nothing_else(project):
    with pytest.raises(TypeError, match="unexpected keyword argument 'tables'"):
        project.tell("remove", files=[], tables=[])
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'table'"):
        project.tell("earlier")
