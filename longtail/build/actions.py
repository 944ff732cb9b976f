"""Actions that macros call by name: `longtail_package("new_part", {"table": ...})`.

Actions depend on the warehouse folder only, not on the engine that computes its tables.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from longtail.build import database, days, kept, run_log, settings
from longtail.build.analyst_macros import macro_statements
from longtail.build.input_actions import InputActions
from longtail.build.messages import SHOWN, advice, mixed_settings, nothing_kept, waiting
from longtail.build.run import Run
from longtail.build.summary import summary
from longtail.build.warehouse import BuildState, downstream, remove

GOOD = ("success", "pass", "warn", "no-op")
BAD = ("error", "fail", "runtime error", "partial success")
READS_EVENTS = "model.longtail.stg_raw_events"
GATES_TEST = "assert_release_gates_pass"


class Actions(InputActions):
    """Each method `do_<action>` is an action; its arguments are what the macro must pass."""

    @property
    def work(self) -> Path:
        """The folder of the tables in progress."""
        return self.warehouse.work

    def answer(self, action: str, request: Mapping[str, Any]) -> Any:
        """Call an action and return its result; the run in `request` is passed as a `Run`.

        Raises
        ------
        ValueError
            If a var, a file or a table is invalid: one line for the user.
        """
        arguments = dict(request)
        if "run" in arguments:
            arguments["run"] = Run(**arguments["run"])
        return getattr(self, f"do_{action}")(**arguments)

    def do_begin(
        self,
        *,
        run: Run,
        which: str,
        selected: Sequence[str],
        parents: Mapping[str, Sequence[str]],
        without_result: Sequence[str],
    ) -> list[str]:
        """Check vars and input, and record what is about to change; return lines for the user.

        A model that runs makes every model downstream stale: until those have run and passed their
        tests, the tables are inconsistent and not published.
        """
        checked = run.checked
        if run.part:
            raise ValueError(
                f"--{run.part} builds tables of a part of the rows, which would be taken "
                "for all: run dbt without it (few events for a try: demo_events: 10000)"
            )
        self.forget()
        shutil.rmtree(self._scratch, ignore_errors=True)
        lines = settings.renamed(run.vars)
        if READS_EVENTS in selected:
            if checked["events"]:
                self.do_scan(run=run)
                lines += [*self._file_plan(run).lines, *self.notes]
            elif not checked["demo"]:
                self._refuse_demo(run.target)
        if checked["targets"]:
            self.do_targets(run=run)
        lines += self._check_catalogue(run, selected)
        if which != "test":
            self._make_room(selected)
            models = [node for node in selected if node.startswith("model.")]
            changing = downstream(models, parents)
            state = BuildState(self.work)
            left = state.made_with.keys() & parents.keys() - set(selected)
            names = settings.different([run.told, *(state.made_with[node] for node in left)])
            if models and left and names:
                lines.append(
                    f"Tables that this run leaves as they are have another '{names[0]}': "
                    "it will not be published."
                )
            state.begin(changing - set(without_result))
        return lines

    def _make_room(self, selected: Sequence[str]) -> None:
        """Remove folders that Spark wrote for tables that DuckDB will now write as files."""
        for node in selected:
            table = self.work / f"{node.split('.')[2]}.parquet"
            if table.is_dir() and not database.is_by_day(table):
                remove(table)

    # ---- tables by day -----------------------------------------------------------------------

    def do_plan_days(
        self, *, table: str, query: str, reads: Sequence[str], as_of: str, full: bool
    ) -> dict[str, Any]:
        """Return first_day and moved_from of `days.plan_days`."""
        plan = days.plan_days(self.work, table, query=query, reads=reads, as_of=as_of, full=full)
        return vars(plan)

    def do_day_batches(self, *, table: str, first_day: str) -> list[tuple[str, str]]:
        """Return first and last day of each batch."""
        return days.batches_of_days(self.work, table, first_day)

    def do_rows_since(self, *, table: str, first_day: str) -> int:
        """Return how many rows a table has from a day on."""
        return days.rows_since(self.work, table, first_day)

    def do_new_part(self, *, table: str, part: int, day: str) -> str:
        """Return the folder for one part of a table's new days."""
        return days.new_part(self.work, table, part, day)

    def do_collect_days(self, *, table: str, first_day: str, day: str) -> bool:
        """Assemble a table's new and reused days; return whether there is any row."""
        return days.collect_days(self.work, table, first_day=first_day, day=day)

    def do_replace_days(
        self, *, table: str, first_day: str, query: str, reads: Sequence[str], as_of: str
    ) -> None:
        """Replace the table by the assembled folder."""
        days.replace_days(
            self.work, table, first_day=first_day, query=query, reads=reads, as_of=as_of
        )

    def do_note_days(self, *, table: str, query: str, reads: Sequence[str], as_of: str) -> None:
        """Record that a table's days are up to date."""
        days.note_days(self.work, table, query=query, reads=reads, as_of=as_of)

    # ---- whole tables ------------------------------------------------------------------------

    def do_plan_table(
        self, *, table: str, code: str, language: str, reads: Sequence[str], full: bool
    ) -> dict[str, Any]:
        """Return is_kept and made_of of `kept.plan_table`."""
        return kept.plan_table(
            self.work, table, code=code, language=language, reads=reads, full=full
        )

    def do_versions(self, *, tables: Sequence[str]) -> str:
        """Return a fingerprint of the rows of some tables."""
        return kept.versions(self.work, tables)

    def do_note_table(self, *, table: str, made_of: str, rows: str | None) -> None:
        """Record the inputs of a table."""
        kept.note_table(self.work, table, made_of=made_of, rows=rows)

    # ---- other actions of macros --------------------------------------------------------------

    def do_settings(self, *, run: Run) -> str:
        """Return every var with its value in this run, as a JSON object, without secrets."""
        return json.dumps(run.told)

    def do_commit(self) -> str:
        """Return the project's git commit, with "-dirty" after edits; '' outside a checkout."""
        command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
        try:
            return subprocess.run(
                command,
                cwd=settings.PROJECT,
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            ).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return ""

    def do_earlier(self, *, table: str) -> str:
        """Return the query for a table's rows as published by earlier builds, or ''."""
        published = self.warehouse.root / f"{table}.parquet"
        if not published.exists():
            return ""
        return f"select * from {database.rows_of(published)}"

    def do_remove(self, *, files: Sequence[str]) -> None:
        """Remove files in progress that are no longer needed."""
        for file in files:
            Path(file).unlink(missing_ok=True)

    def do_refuse(self, *, reason: str) -> None:
        """Fail a model with one clear line."""
        raise ValueError(reason)

    def do_refuse_rows(self, *, rows: Sequence[Mapping[str, Any]]) -> None:
        """Fail because no row of the event files can be used."""
        raise ValueError(nothing_kept(rows))

    def do_finish(
        self,
        *,
        run: Run,
        build_id: str,
        run_started_at: datetime,
        outcomes: Sequence[Mapping[str, Any]],
        tables: Sequence[Mapping[str, Any]],
        known: Sequence[str],
    ) -> list[str]:
        """Publish if everything that changed has passed; return lines for the user."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        good = [outcome["node"] for outcome in outcomes if outcome["status"] in GOOD]
        state = BuildState(self.work)
        state.finish(good, known, run.told)
        bad = [outcome for outcome in outcomes if outcome["status"] in BAD]
        try:
            run_log.extend(
                self.work,
                self.warehouse.root / f"{run_log.NAME}.parquet",
                build_id=build_id,
                run_started_at=run_started_at.replace(tzinfo=None),
                outcomes=outcomes,
            )
        except OSError:
            if not bad:  # a full disk also fails a model, whose message says more
                raise
        if bad:
            return self._explain(bad)
        if not state.changed:
            return []
        if state.pending:
            return [waiting(state.pending)]
        if mixed := mixed_settings(state, [table["node"] for table in tables]):
            return [mixed]
        files = [file for table in tables for file in table["files"]]
        names = [table["name"] for table in tables]
        wanted = [*(f"{name}.parquet" for name in names), *files]
        missing = [file for file in wanted if not (self.work / file).exists()]
        if missing:
            listed = ", ".join(missing[:SHOWN])
            return [f"Not published yet: never built: {listed}. Run `dbt build`."]
        self.warehouse.publish(
            names,
            extra_files=files,
            descriptions={
                table["name"]: (table["description"], table["columns"]) for table in tables
            },
            statements=macro_statements(),
        )
        state.published()
        return summary(self.warehouse.database)

    def _explain(self, bad: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return one line per failure: what failed and what to do."""
        lines = [advice(outcome) for outcome in bad[:SHOWN]]
        if any(outcome["node"].split(".")[2] == GATES_TEST for outcome in bad):
            lines += self._closed_gates()
        if len(bad) > SHOWN:
            lines.append(f"... and {len(bad) - SHOWN} more.")
        kept = "the tables of the last good build are unchanged"
        if not self.warehouse.database.exists():
            kept = "there is no earlier build"
        return [*lines, f"Nothing was published; {kept}."]

    def _closed_gates(self) -> list[str]:
        """Return which figures missed which threshold, and how to fix it."""
        gates = pq.read_table(self.work / "release_gates.parquet").to_pylist()
        return [
            f"  {gate['gate']}: {gate['message']}" for gate in gates if gate["status"] == "closed"
        ]
