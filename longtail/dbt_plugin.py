"""What dbt calls: input checks before a build, publication after it.

dbt-duckdb loads this module (profiles.yml) and the macro `longtail_package` talks to it.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError

from longtail import events, settings
from longtail.analyst_macros import macro_statements
from longtail.warehouse import BuildState, Warehouse, comment_statements, downstream, summary

GOOD = ("success", "pass", "warn", "no-op")
BAD = ("error", "fail", "runtime error", "partial success")
READS_EVENTS = "model.longtail.stg_raw_events"
GATES_TEST = "assert_release_gates_pass"
SHOWN = 5
"""Failures that are listed one by one; dbt's own summary has them all."""

HINTS = {
    "GZIP": "an event file is truncated or damaged: fetch it again",
    "Out of Memory": "raise LONGTAIL_MEMORY_LIMIT or free memory",
    "No space left": "the disk is full: free space in the warehouse's folder",
}


class Plugin(BasePlugin):
    """Answers the macro `longtail_package`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Create the warehouse before DuckDB opens the build's database in it."""
        assert self.creds is not None
        _show_progress()
        self.scans: dict[str, str] = {}
        self.warehouse = Warehouse(Path(self.creds.external_root).parent)
        if "'" in str(self.warehouse.root):
            raise DbtRuntimeError(
                f"the warehouse folder {self.warehouse.root} has a quote in its path: "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one without"
            )
        try:
            self.warehouse.prepare()
        except OSError as error:
            raise DbtRuntimeError(
                f"cannot write to the warehouse folder {self.warehouse.root}: {error.strerror}; "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one that you may write"
            ) from error
        self._open_once()

    def _open_once(self) -> None:
        """Open and close the build's database, to say in one line why it cannot be opened."""
        path = self.creds.path
        try:
            duckdb.connect(path).close()
        except duckdb.IOException as error:
            if "lock" in str(error):
                raise DbtRuntimeError(
                    f"another dbt is at work in {self.warehouse.root}: wait until it has ended, "
                    "or set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to another folder"
                ) from None
            raise DbtRuntimeError(
                f"cannot open {path}, which every `dbt build` can make anew: remove it"
            ) from None

    def store(self, target_config: TargetConfig) -> None:
        """Answer one message: `action` names the method, `answer` holds what it returned."""
        message = target_config.config
        try:
            message["answer"] = getattr(self, f"do_{message['action']}")(message)
        except (ValueError, OSError) as error:
            raise DbtRuntimeError(str(error)) from None

    def do_begin(self, message: Mapping[str, Any]) -> None:
        """Check vars and input, and note what is about to change.

        A model that runs changes all that reads it: until those have run and been tested too,
        the tables do not belong together and are not published.
        """
        checked = settings.check(message["vars"], settings.load_defaults())
        selected = message["selected"]
        self.scans.clear()
        if checked["events"] and READS_EVENTS in selected:
            self.do_scan(message)
        if checked["targets"]:
            events.check_targets(checked["targets"])
        if message["which"] != "test":
            models = [node for node in selected if node.startswith("model.")]
            changing = downstream(models, message["parents"])
            BuildState(self.warehouse.work).begin(changing - set(message["without_result"]))

    def do_scan(self, message: Mapping[str, Any]) -> str:
        """Return the SQL that reads the event files, which are looked at once per build."""
        checked = settings.check(message["vars"], settings.load_defaults())
        pattern, csv_options = checked["events"], checked["csv_options"]
        columns, reject_when = checked["columns"], checked["reject_when"]
        asked = repr((pattern, csv_options, columns, reject_when))
        if asked not in self.scans:
            files = events.describe_files(pattern, csv_options)
            self.scans[asked] = events.scan_sql(files, columns=columns, reject_when=reject_when)
        return self.scans[asked]

    def do_settings(self, message: Mapping[str, Any]) -> str:
        """Return every var with its value in this run, as a JSON object."""
        checked = settings.check(message["vars"], settings.load_defaults())
        return json.dumps(checked, default=str)

    def do_earlier(self, message: Mapping[str, Any]) -> str:
        """Return the query for the rows that earlier builds published of a table, or ''."""
        published = self.warehouse.root / f"{message['table']}.parquet"
        if not published.exists():
            return ""
        return f"select * from read_parquet({events.text_literal(str(published))})"

    def do_remove(self, message: Mapping[str, Any]) -> None:
        """Remove files in progress that are no longer needed."""
        for file in message["files"]:
            Path(file).unlink(missing_ok=True)

    def do_refuse(self, message: Mapping[str, Any]) -> None:
        """Fail a model with one clear line."""
        raise ValueError(message["reason"])

    def do_finish(self, message: Mapping[str, Any]) -> list[str]:
        """Publish if everything that changed is good; return lines for the user."""
        outcomes, tables = message["outcomes"], message["tables"]
        good = [outcome["node"] for outcome in outcomes if outcome["status"] in GOOD]
        state = BuildState(self.warehouse.work)
        state.finish(good, message["known"])
        bad = [outcome for outcome in outcomes if outcome["status"] in BAD]
        if bad:
            return self._explain(bad)
        if not state.changed:
            return []
        if state.pending:
            return [_waiting(state.pending)]
        files = [file for table in tables for file in table["files"]]
        names = [table["name"] for table in tables]
        wanted = [*(f"{name}.parquet" for name in names), *files]
        missing = [file for file in wanted if not (self.warehouse.work / file).exists()]
        if missing:
            listed = ", ".join(missing[:SHOWN])
            return [f"Not published yet: never built: {listed}. Run `dbt build`."]
        self.warehouse.publish(names, extra_files=files, statements=self._statements(tables))
        state.published()
        return summary(self.warehouse.database)

    def _statements(self, tables: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the SQL of analysts' macros and of the descriptions of tables and columns."""
        statements = macro_statements()
        for table in tables:
            file = self.warehouse.work / f"{table['name']}.parquet"
            present = pq.read_schema(file).names
            statements += comment_statements(
                table["name"], table["description"], table["columns"], present
            )
        return statements

    def _explain(self, bad: Sequence[Mapping[str, Any]]) -> list[str]:
        """Say in one line each what failed and what to do."""
        lines = [_advice(outcome) for outcome in bad[:SHOWN]]
        if any(outcome["node"].split(".")[2] == GATES_TEST for outcome in bad):
            lines += self._closed_gates()
        if len(bad) > SHOWN:
            lines.append(f"... and {len(bad) - SHOWN} more.")
        kept = "the tables of the last good build are unchanged"
        if not self.warehouse.database.exists():
            kept = "there is no earlier build"
        return [*lines, f"Nothing was published; {kept}."]

    def _closed_gates(self) -> list[str]:
        """Say which figures fell short, of what."""
        gates = pq.read_table(self.warehouse.work / "release_gates.parquet").to_pylist()
        return [
            f"  {gate['gate']} is {gate['value']:.4f}, must be at least {gate['threshold']:.4f}"
            for gate in gates
            if not gate["is_passed"]
        ]


def _show_progress() -> None:
    """Let the package's progress lines through, in the form of dbt's own."""
    logger = logging.getLogger("longtail")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _waiting(pending: set[str]) -> str:
    """Say what has to run before tables can be published."""
    models = sorted(node.split(".")[2] for node in pending if node.startswith("model."))
    tests = len(pending) - len(models)
    if not models:
        return f"Not published yet: {tests} tests have not passed since. Run `dbt test`."
    listed = ", ".join(models[:SHOWN]) + (" ..." if len(models) > SHOWN else "")
    return (
        f"Not published yet: {len(models)} models that read what changed, or failed, have not "
        f"been built and tested since ({listed}). Run `dbt build`."
    )


def _advice(outcome: Mapping[str, Any]) -> str:
    """Turn a failed node into one line."""
    lines = [line.strip() for line in outcome["message"].splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    elif lines and lines[0].endswith(f"({outcome['path']})"):
        lines = lines[1:]  # dbt's "Runtime Error in model x (path)"
    text = " ".join(lines)
    hint = next((advice for sign, advice in HINTS.items() if sign in text), "")
    kind = "test" if outcome["type"] in ("test", "unit_test") else "model"
    return f"Failed: {kind} {outcome['name']}: {hint or text[:300]}"
