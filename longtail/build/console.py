"""dbt's log for people: a line per stage, what failed, and the package's own messages.

    python -m longtail.build.console build --vars '{window: 3}'

takes the arguments of the dbt command. With the environment variable VERBOSE it prints dbt's log.
dbt's whole log is in logs/dbt.log either way.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, TextIO

import yaml

SAID = ("PrintEvent", "JinjaLogInfo")
"""dbt's events that carry macros' messages to the user."""
BEAT = 30.0
"""Seconds between progress lines of a long stage, when not on a terminal."""


def is_ephemeral(node: Mapping[str, Any]) -> bool:
    """Return whether a model is inlined into its readers, so that dbt never runs it."""
    return node.get("config", {}).get("materialized") == "ephemeral"


def stages_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the stage of each model and test by unique id, in the order of the manifest.

    Parameters
    ----------
    manifest
        dbt's manifest.json. A model's stage is its folder; a test has the stage of the model it is
        declared for, or of the last model it reads.
    """
    nodes = {**manifest["nodes"], **manifest.get("unit_tests", {})}
    folders = {
        name: PurePath(node["path"]).parts[0]
        for name, node in nodes.items()
        if node["resource_type"] == "model" and not is_ephemeral(node)
    }
    found = {}
    for name, node in nodes.items():
        read = [parent for parent in node["depends_on"]["nodes"] if parent in folders]
        of = name if name in folders else node.get("attached_node") or (read or [None])[-1]
        if of in folders:
            found[name] = folders[of]
    return found


class Console:
    """Listens to dbt's events and prints the ones that a user needs.

    Parameters
    ----------
    stream
        Where to print.
    clock
        A monotonic clock, in seconds.
    selected
        Returns the ids of the nodes that dbt will run, when the first of them starts; none: all.
    """

    def __init__(
        self,
        stream: TextIO = sys.stdout,
        clock: Callable[[], float] = time.monotonic,
        selected: Callable[[], Collection[str]] = list,
    ) -> None:
        self.stream, self.clock, self.selected = stream, clock, selected
        self.stage_of: dict[str, str] = {}
        self.waiting: dict[str, set[str]] = defaultdict(set)
        self.seconds: Counter[str] = Counter()
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.running: dict[str, str] = {}
        self.heard_of = clock()
        self.done = 0
        self.has_complained = False

    def hear(self, event: Any) -> None:
        """Handle one dbt event."""
        name, data = event.info.name, event.data
        if name == "ArtifactWritten" and not self.stage_of and "Manifest" in data.artifact_type:
            with open(data.artifact_path, encoding="utf-8") as file:
                self.expect(json.load(file))
        elif name == "NodeStart":
            self.start(data.node_info.unique_id, data.node_info.node_name)
        elif name == "NodeFinished":
            info = data.node_info
            result = data.run_result
            is_kept = dict(result.adapter_response).get("_message") == "kept"
            status = "kept" if is_kept else info.node_status
            self.finish(info.unique_id, info.resource_type, status, result.execution_time)
        elif name in SAID or event.info.level in ("warn", "error"):
            self.has_complained |= event.info.level == "error"
            self.say(event.info.msg)

    def expect(self, manifest: Mapping[str, Any]) -> None:
        """Record the planned nodes; a stage ends when all of its nodes have finished."""
        self.stage_of = stages_of(manifest)
        for node, stage in self.stage_of.items():
            self.waiting[stage].add(node)

    def start(self, node: str, name: str) -> None:
        """Record that a dbt node started."""
        if not (self.running or self.done):
            self._leave_out_unselected()
        self.running[node] = name
        self._beat()

    def _leave_out_unselected(self) -> None:
        """Expect only what dbt has selected: a stage must not wait for a test that is left out."""
        if selected := set(self.selected()):
            self.stage_of = {node: at for node, at in self.stage_of.items() if node in selected}
            self.waiting.clear()
            for node, stage in self.stage_of.items():
                self.waiting[stage].add(node)

    def finish(self, node: str, kind: str, status: str, seconds: float) -> None:
        """Record that a dbt node finished; print its stage if this was its last node."""
        self.running.pop(node, None)
        self.done += 1
        stage = self.stage_of.get(node)
        if stage is None:
            return
        self.seconds[stage] += seconds
        counts = self.counts[stage]
        counts["models" if kind == "model" else "tests"] += 1
        counts["kept"] += status == "kept"
        counts["skipped"] += status == "skipped"
        counts["failed"] += status in ("error", "fail", "runtime error")
        self.waiting[stage].discard(node)
        if not self.waiting[stage]:
            self.say(self.line(stage))
            del self.waiting[stage]
        else:
            self._beat()

    def line(self, stage: str) -> str:
        """Return a stage's counts and the summed seconds of its models and tests."""
        counts = self.counts[stage]
        work = f"{counts['models']:4} models {counts['tests']:4} tests"
        done = f"{stage:16}{work} {self.seconds[stage]:8.1f} s"
        odd = [f"{counts[what]} {what}" for what in ("kept", "failed", "skipped") if counts[what]]
        return "  ".join([done, *odd])

    def end(self) -> None:
        """Print the stages that ran in part or were interrupted."""
        for stage in [stage for stage in self.waiting if self.counts[stage]]:
            self.say(self.line(stage))

    def say(self, text: str) -> None:
        """Print a line, after clearing the progress line."""
        self.heard_of = self.clock()
        print(f"{self._wiped()}{text}", file=self.stream, flush=True)

    def _wiped(self) -> str:
        return "\r\x1b[K" if self.stream.isatty() else ""

    def _beat(self) -> None:
        """Show what is running: continuously on a terminal, else after a long silence."""
        running = ", ".join(list(self.running.values())[:2])
        total = len(self.stage_of)
        if self.stream.isatty():
            text = f"{self.done} of {total}  {running}"[:79]
            print(f"{self._wiped()}{text}", end="", file=self.stream, flush=True)
        elif self.clock() - self.heard_of > BEAT:
            self.say(f"{self.done} of {total} done" + (f", at {running}" if running else ""))


def show(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print lines until the end or until the reader (such as `head`) closes the pipe."""
    stream = stream or sys.stdout
    try:
        for line in lines:
            print(line, file=stream)
        stream.flush()
    except BrokenPipeError:
        # Python flushes the rest of the buffer at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def collect_garbage_seldom() -> None:
    """Collect garbage every 20,000 new objects instead of every 700.

    dbt holds about a million objects for its whole run, and the collector scans them repeatedly: a
    sixth of the CPU time of a small build.
    """
    gc.set_threshold(20_000, 10, 10)


def missing_events(arguments: Sequence[str]) -> str | None:
    """Return why the var `events` names no file, None if it does or is not given.

    dbt finds out only after ten seconds of parsing.

    Parameters
    ----------
    arguments
        Of the dbt command; ``--vars`` as `longtail.build.vars` writes them.
    """
    from longtail.build.event_files import find_files

    if "--vars" not in arguments[:-1]:
        return None
    try:
        given = yaml.safe_load(arguments[arguments.index("--vars") + 1])
        if isinstance(given, Mapping) and given.get("events"):
            find_files(str(given["events"]))
    except yaml.YAMLError:
        return None  # dbt says what is wrong with it
    except (ValueError, OSError) as error:
        return str(error)
    return None


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the dbt command; return its exit code: 0 success, 1 a failure, 2 not run."""
    given: Sequence[str] = list(sys.argv[1:] if arguments is None else arguments)
    if complaint := missing_events(given):
        print(f"error: {complaint}", file=sys.stderr)
        return 2
    from dbt import selected_resources
    from dbt.cli.main import dbtRunner

    collect_garbage_seldom()
    if os.environ.get("VERBOSE", "") not in ("", "0"):
        outcome = dbtRunner().invoke(list(given))
    else:
        console = Console(selected=lambda: selected_resources.SELECTED_RESOURCES)
        options = ["--log-level", "none", *([] if sys.stdout.isatty() else ["--no-use-colors"])]
        if "--log-level-file" not in given:
            options += ["--log-level-file", "debug"]  # else it is --log-level's: no log
        outcome = dbtRunner(callbacks=[console.hear]).invoke([*given, *options])
        console.end()
        if outcome.exception and not console.has_complained:
            console.say(str(outcome.exception))
    return 2 if outcome.exception else int(not outcome.success)


if __name__ == "__main__":
    sys.exit(main())
