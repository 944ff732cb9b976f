"""What is published when: only what has passed since it, or what it reads, has changed."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest
from conftest import ROOT
from dbt_common.exceptions import DbtRuntimeError

from longtail.build.plugin import READS_EVENTS, Plugin
from longtail.build.warehouse import write_parquet

TABLES = (
    *("stg_events", "rejected_events", "products", "user_recommendations", "model_metrics"),
    "release_gates",
)
METRICS = {
    **{"model": ["hybrid"], "task": ["next interaction"], "segment": ["all"], "metric": ["recall"]},
    **{"k": [20], "value": [0.25], "users": [12]},
}
GATES = {
    "gate": ["edges of the graph", "recall@20", "coverage"],
    "status": ["closed", "undecided", "passed"],
    "is_passed": [False, True, True],
    "value": [None, None, 0.5],
    "threshold": [1.0, None, 0.02],
    "message": ["0, must be at least 1: check user_session", "not enough to judge", None],
}
GATES_TEST = "test.longtail.assert_release_gates_pass"
PARENTS = {
    READS_EVENTS: [],
    "model.longtail.stg_events": [READS_EVENTS],
    "model.longtail.rejected_events": [READS_EVENTS],
    "model.longtail.part": ["model.longtail.stg_events"],
    "model.longtail.products": ["model.longtail.part"],
    "model.longtail.user_recommendations": ["model.longtail.products"],
    "test.longtail.products": ["model.longtail.products"],
    "test.longtail.recommended": ["model.longtail.user_recommendations", "model.longtail.products"],
}
NODES = tuple(node for node in PARENTS if node != "model.longtail.part")


class Project:
    """The plugin as dbt's macros use it, over a small project with one ephemeral model."""

    def __init__(self, root) -> None:
        self.root = root / "warehouse"
        self.work = self.root / ".work"
        self.builds = 0
        self.credentials = SimpleNamespace(
            external_root=str(self.work), path=str(self.work / "build.duckdb"), settings=None
        )

    def tell(self, action: str, **message):
        """Do as the macro longtail_package does; each command of dbt has its own plugin."""
        plugin = Plugin("longtail", {}, self.credentials)
        message["action"] = action
        plugin.store(SimpleNamespace(config=message))
        return message["answer"]

    def begin(self, selected, which="build", **given):
        self.tell(
            "begin",
            which=which,
            vars=given,
            selected=selected,
            parents=PARENTS,
            without_result=["model.longtail.part"],
        )

    def work_on(self, selected, failing=()):
        for node in selected:
            name = node.split(".")[2]
            if node.startswith("model.") and node not in failing:
                self.builds += 1
                table = pa.table({"user_id": ["u"], "source": ["graph"], "build": [self.builds]})
                write_parquet(table, self.work / f"{name}.parquet")
        write_parquet(pa.table(METRICS), self.work / "model_metrics.parquet")
        write_parquet(pa.table(GATES), self.work / "release_gates.parquet")

    def finish(self, selected, failing=(), message="it broke"):
        outcomes = [
            {
                "node": node,
                "name": node.split(".")[2],
                "path": f"models/{node}.sql",
                "type": node.split(".")[0],
                "status": ("fail" if node.startswith("test") else "error")
                if node in failing
                else "success",
                "message": message if node in failing else "",
                "seconds": 0.1,
                "started_at": datetime.now(UTC),
            }
            for node in selected
        ]
        tables = [
            {"node": f"model.longtail.{name}", "name": name, "description": "", "columns": {}}
            | {"files": []}
            for name in TABLES
        ]
        return self.tell(
            "finish",
            build_id=f"build {self.builds}",
            run_started_at=datetime.now(UTC),
            outcomes=outcomes,
            tables=tables,
            known=list(PARENTS),
        )

    def run(self, selected=NODES, failing=(), which="build", **options):
        self.begin(selected, which)
        self.work_on(selected, failing)
        return self.finish(selected, failing, **options)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("longtail.build.plugin.macro_statements", list)
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
    monkeypatch.setattr(
        "longtail.build.event_files.describe_files", lambda *asked: looked_at.append(asked) or []
    )
    (tmp_path / "events.csv").write_text("")
    plugin = Plugin("longtail", {}, project.credentials)
    asked = {"events": str(tmp_path / "events.csv")}
    begun = {"which": "build", "vars": asked, "selected": [READS_EVENTS]}
    plugin.do_begin({**begun, "parents": PARENTS, "without_result": []})
    plugin.do_scan(begun)
    assert len(looked_at) == 1
    plugin.do_begin({**begun, "parents": PARENTS, "without_result": []})
    assert len(looked_at) == 2


@pytest.mark.parametrize("inside", ["a file", "a quo'te"])
def test_a_warehouse_that_cannot_be_is_refused(inside, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    (tmp_path / "a file").write_text("")
    project = Project(tmp_path / inside)
    with pytest.raises(DbtRuntimeError, match=r"the warehouse folder .* set LONGTAIL"):
        project.tell("settings", vars={})


def test_a_warehouse_that_may_only_be_read_is_refused(project, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(DbtRuntimeError, match=r"cannot write to .* is not writable; set LONGTAIL"):
        project.tell("settings", vars={})


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


def no_space_left(*_):
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
        with pytest.raises(DbtRuntimeError, match=r"another dbt is at work in .*: wait"):
            project.begin(NODES)
        other.communicate(b"\n")
    project.begin(NODES)


def test_a_damaged_database_of_the_build_may_be_removed(project):
    project.begin(NODES)
    (project.work / "build.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(DbtRuntimeError, match="can make anew: remove it"):
        project.begin(NODES)
