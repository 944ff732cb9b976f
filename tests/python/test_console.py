"""Output of a running build: a line per stage, without dbt's noise."""

import io
import json
import subprocess
import sys
from types import SimpleNamespace as Any

import pytest

from longtail.build.console import BEAT, Console, stages_of


def node(kind: str, path: str = "", attached: str | None = None, reads: tuple = ()) -> dict:
    """Return a node of a manifest."""
    return {
        **{"resource_type": kind, "path": path, "attached_node": attached},
        **{"depends_on": {"nodes": list(reads)}},
    }


MANIFEST = {
    "nodes": {
        "model.l.a": node("model", "events/a.sql"),
        "model.l.b": node("model", "graph/b.sql"),
        "test.l.key": node("test", "key.sql", attached="model.l.a"),
        "test.l.sum": node("test", "sum.sql", reads=("source.l.s", "model.l.a", "model.l.b")),
        "operation.l.start": node("operation", "start.sql"),
    },
    "unit_tests": {"unit_test.l.b.u": node("unit_test", "graph.yml", reads=("model.l.b",))},
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Build:
    """A console, a clock that the test moves, and events as dbt sends them."""

    def __init__(self, folder, stream: io.StringIO | None = None, selected: tuple = ()) -> None:
        self.now, self.stream = 0.0, stream or io.StringIO()
        self.console = Console(self.stream, clock=lambda: self.now, selected=lambda: selected)
        self.manifest = folder / "manifest.json"
        self.manifest.write_text(json.dumps(MANIFEST))
        self.wrote_manifest()

    def wrote_manifest(self) -> None:
        self.tell(
            "ArtifactWritten",
            artifact_type="WritableManifest",
            artifact_path=str(self.manifest),
        )

    def tell(self, name: str, level: str = "info", msg: str = "", **data) -> None:
        self.console.hear(Any(info=Any(name=name, level=level, msg=msg), data=Any(**data)))

    def run(self, node: str, status: str = "success", seconds: float = 0.5) -> None:
        info = Any(unique_id=node, node_name=node.split(".")[-1], node_status=status)
        info.resource_type = node.split(".")[0]
        self.tell("NodeStart", level="debug", node_info=info)
        self.now += seconds
        response = {"_message": "kept"} if status == "kept" else {}
        took = Any(execution_time=seconds, adapter_response=response)
        self.tell("NodeFinished", level="debug", node_info=info, run_result=took)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def build(tmp_path) -> Build:
    return Build(tmp_path)


def test_a_test_is_of_the_stage_of_its_model_or_of_the_last_that_it_reads():
    assert stages_of(MANIFEST) == {
        **{"model.l.a": "events", "model.l.b": "graph", "test.l.key": "events"},
        **{"test.l.sum": "graph", "unit_test.l.b.u": "graph"},
    }


def test_a_stage_is_a_line_when_all_of_it_is_over(build):
    build.run("operation.l.start")
    build.run("model.l.a", "kept")
    assert build.lines == []
    build.run("unit_test.l.b.u")
    build.run("test.l.key", "pass", seconds=1)
    assert build.lines == ["events             1 models    1 tests      1.5 s  1 kept"]
    build.run("model.l.b", "error")
    build.run("test.l.sum", "skipped", seconds=0)
    build.wrote_manifest()  # at the end of a run once more
    build.console.end()
    assert build.lines[1:] == [
        "graph              1 models    2 tests      1.0 s  1 failed  1 skipped"
    ]


def test_a_part_of_a_stage_is_a_line_at_the_end(build):
    build.run("model.l.b")
    build.console.end()
    assert build.lines == ["graph              1 models    0 tests      0.5 s"]


def test_a_stage_does_not_wait_for_tests_that_are_left_out(tmp_path):
    build = Build(tmp_path, selected=("model.l.a", "model.l.b", "test.l.sum"))
    for node in ("operation.l.start", "model.l.a", "model.l.b", "test.l.sum"):
        build.run(node)
    assert [line.split()[0] for line in build.lines] == ["events", "graph"]


def test_a_stage_does_not_wait_for_models_that_are_inlined(tmp_path):
    inlined = {**node("model", "events/inlined.sql"), "config": {"materialized": "ephemeral"}}
    assert stages_of({"nodes": {**MANIFEST["nodes"], "model.l.i": inlined}}) == {
        **{"model.l.a": "events", "model.l.b": "graph", "test.l.key": "events"},
        **{"test.l.sum": "graph"},
    }


def test_the_package_errors_and_warnings_are_heard_and_nothing_else(build):
    build.tell("PrintEvent", msg="Published")
    build.tell("LogModelResult", msg="1 of 9 OK created")
    build.tell("SQLQuery", level="debug", msg="select 1")
    build.tell("RunResultError", level="error", msg="no such column")
    build.tell("Deprecation", level="warn", msg="old")
    assert build.lines == ["Published", "no such column", "old"]


def test_long_work_is_heard_of_when_nothing_was_said_for_long(build):
    build.run("model.l.a", seconds=BEAT / 2)
    build.tell("PrintEvent", msg="Reading")
    build.run("model.l.b", seconds=BEAT)
    assert build.lines == ["Reading"]
    build.run("test.l.sum", seconds=1)
    build.run("unit_test.l.b.u", seconds=1)
    assert build.lines == ["Reading", "3 of 5 done", build.console.line("graph")]


def test_a_terminal_shows_what_runs_in_one_line_that_is_wiped(tmp_path):
    build = Build(tmp_path, Terminal())
    build.run("model.l.a")
    build.tell("PrintEvent", msg="Published")
    assert build.stream.getvalue() == ("\r\x1b[K0 of 5  a\r\x1b[K1 of 5  \r\x1b[KPublished\n")


def test_a_reader_that_has_seen_enough_is_no_error():
    code = "from longtail.build.console import show; show(map(str, range(1_000_000)))"
    writer = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert [writer.stdout.readline() for _ in range(2)] == ["0\n", "1\n"]
    writer.stdout.close()
    assert writer.stderr.read() == ""
    assert writer.wait() == 0


def test_a_missing_file_is_said_before_dbt_starts(tmp_path):
    code = (
        "import json, sys; from longtail.build.console import main\n"
        "found = main(['build', '--vars', json.dumps({'events': sys.argv[1]})])\n"
        "sys.exit(found if 'dbt.cli' not in sys.modules else 99)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "no's[uch.csv")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no file matches ")
    assert done.stderr.count("\n") == 1


def test_dbts_whole_log_is_in_its_file(tmp_path):
    command = [sys.executable, "-m", "longtail.build.console", "deps", "--log-path", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert "[debug]" in (tmp_path / "dbt.log").read_text()
