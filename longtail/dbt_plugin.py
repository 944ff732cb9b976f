"""What dbt calls: input checks before a build, publication after it.

dbt-duckdb loads this module (profiles.yml) and the macro `longtail_package` talks to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError

from longtail import events, settings
from longtail.warehouse import BuildState, Warehouse, summary

GOOD = ("success", "pass", "warn", "no-op")
READS_EVENTS = "model.longtail.stg_raw_events"


class Plugin(BasePlugin):
    """Answers the macro `longtail_package`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Create the warehouse before DuckDB opens the build's database in it."""
        assert self.creds is not None
        self.warehouse = Warehouse(f"{self.creds.external_root}/..")
        try:
            self.warehouse.prepare()
        except OSError as error:
            raise DbtRuntimeError(
                f"cannot write to the warehouse folder '{self.warehouse.root}': {error.strerror}; "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one that you may write"
            ) from error

    def store(self, target_config: TargetConfig) -> None:
        """Answer one message: `action` names the method, `answer` holds what it returned."""
        message = target_config.config
        try:
            message["answer"] = getattr(self, f"do_{message['action']}")(message)
        except (ValueError, OSError) as error:
            raise DbtRuntimeError(str(error)) from None

    def do_begin(self, message: Mapping[str, Any]) -> None:
        """Check vars and input, and note the nodes that are about to change."""
        checked = settings.check(message["vars"], settings.load_defaults())
        if checked["events"] and READS_EVENTS in message["selected"]:
            self.do_scan(checked)
        if message["which"] != "test":
            changing = [node for node in message["selected"] if node.startswith(("model.", "test."))]
            BuildState(self.warehouse.work).begin(changing)

    def do_scan(self, message: Mapping[str, Any]) -> str:
        """Return the SQL that reads the event files."""
        files = events.describe_files(message["events"], message["csv_options"])
        return events.scan_sql(
            files,
            columns=message["columns"],
            reject_when=message["reject_when"],
            csv_options=message["csv_options"],
        )

    def do_earlier(self, message: Mapping[str, Any]) -> str:
        """Return the query for the rows that earlier builds published of a table, or ''."""
        published = self.warehouse.root / f"{message['table']}.parquet"
        if not published.exists():
            return ""
        return f"select * from read_parquet({events.text_literal(str(published))})"

    def do_finish(self, message: Mapping[str, Any]) -> list[str]:
        """Publish if everything that changed is good; return lines for the user."""
        outcomes = message["outcomes"]
        good = {outcome["node"] for outcome in outcomes if outcome["status"] in GOOD}
        tables = {table["node"]: table["name"] for table in message["tables"]}
        state = BuildState(self.warehouse.work)
        state.finish(good, good & tables.keys(), message["known"])
        bad = [outcome for outcome in outcomes if outcome["status"] in ("error", "fail")]
        if bad:
            return self._explain(bad)
        if not state.built:
            return []
        if state.pending:
            waiting = ", ".join(sorted(node.split(".")[2] for node in state.pending)[:5])
            return [
                f"Not published yet: {len(state.pending)} models or tests have not passed since "
                f"they last changed ({waiting} ...). Run `dbt build` (or `dbt retry`)."
            ]
        missing = [
            name
            for name in tables.values()
            if not (self.warehouse.work / f"{name}.parquet").exists()
        ]
        if missing:
            return [f"Not published yet: {len(missing)} tables were never built. Run `dbt build`."]
        self.warehouse.publish(list(tables.values()), extra_files=message["files"])
        state.published()
        return summary(self.warehouse.database)

    def _explain(self, bad: list[Mapping[str, Any]]) -> list[str]:
        """Say in one line each what failed and what to do."""
        lines = [_advice(outcome) for outcome in bad]
        if any("stg_events" in outcome["node"] for outcome in bad):
            lines = self._rejection_lines() or lines
        kept = "the tables of the last good build are unchanged"
        if not self.warehouse.database.exists():
            kept = "there is no earlier build"
        return [*lines, f"Nothing was published; {kept}."]

    def _rejection_lines(self) -> list[str]:
        """Say why no event was left, when that is the case."""
        kept = self.warehouse.work / "stg_events.parquet"
        rejected = self.warehouse.work / "rejected_events.parquet"
        if not (kept.exists() and rejected.exists()):
            return []
        with duckdb.connect() as connection:
            if connection.execute("select count(*) from read_parquet(?)", [str(kept)]).fetchall() != [(0,)]:
                return []
            reasons = connection.execute(
                "select reason, count(*) from read_parquet(?) group by all order by 2 desc, 1",
                [str(rejected)],
            ).fetchall()
        listed = ", ".join(f"{reason} ({count:,})" for reason, count in reasons)
        return [
            f"Every row was rejected: {listed}. Look at {rejected} and mend the file, "
            "or the vars columns, event_weights and reject_when."
        ]


def _advice(outcome: Mapping[str, Any]) -> str:
    """Turn a failed node into one line."""
    lines = [line.strip() for line in outcome["message"].splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    text = " ".join(lines)
    hints = {
        "Unexpected end of GZIP": "an event file is truncated: fetch it again",
        "Out of Memory": "raise LONGTAIL_MEMORY_LIMIT or free memory",
        "No space left": "the disk is full: free space in the warehouse's folder",
    }
    hint = next((advice for sign, advice in hints.items() if sign in text), "")
    kind = "test" if outcome["type"] in ("test", "unit_test") else "model"
    return f"Failed: {kind} {outcome['name']}: {hint or text[:300]}"
