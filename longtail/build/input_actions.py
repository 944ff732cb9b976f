"""Actions for a build's input: event files, targets, the catalogue, its lists, impressions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from longtail.build import (
    catalogue_files,
    database,
    days,
    event_files,
    file_rows,
    impression_files,
    query,
    scan,
    settings,
    sources,
)
from longtail.build.run import Run
from longtail.build.warehouse import Warehouse

Found = TypeVar("Found")
READS_CATALOGUE = {"model.longtail.stg_raw_catalogue", "model.longtail.stg_availability"}
READS_IMPRESSIONS = "model.longtail.stg_raw_impressions"
LISTS = ("hidden", "allowed")
"""Vars that name a file of products."""


class InputActions:
    """Actions on input files; each file is described once per run."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.notes: list[str] = []
        self.forget()

    def forget(self) -> None:
        """Forget the descriptions, so that files are read again."""
        self.scans: dict[str, dict[file_rows.EventFile, str]] = {}
        self.tables: dict[str, dict[str, list[file_rows.EventFile]]] = {}
        self.file_plans: dict[str, sources.FilePlan] = {}
        self.catalogues: dict[str, Any] = {}

    def _refuse_demo(self, target: str) -> None:
        """Refuse demo events where they could be mistaken for a shop's."""
        reason = "target prod builds no demo events" if target == "prod" else ""
        if sources.holds_files(self.warehouse):
            reason = f"{self.warehouse.root} holds a shop's events, not demo events"
        if reason:
            raise ValueError(
                f"{reason}: name the event files (make: EVENTS=, dbt: the var events), or ask for "
                "demo events in their place with the var demo: true"
            )

    @property
    def _scratch(self) -> Path:
        """The folder for files that DuckDB cannot unpack or decode itself."""
        return sources.scratch_folder(self.warehouse.work)

    def do_scan(self, *, run: Run) -> str:
        """Return the SQL that reads new and changed event files."""
        return scan.union_of(self._file_queries(run).values())

    def _as_read(self, files: Iterable[file_rows.EventFile]) -> list[file_rows.EventFile]:
        """Return the files as the process that reads them finds them."""
        return list(files)

    def _file_queries(self, run: Run) -> dict[file_rows.EventFile, str]:
        """Return the SQL that reads each new or changed event file; made once per build."""
        checked = run.checked
        asked = repr(checked)
        if asked not in self.scans:
            self.notes.clear()
            files = self._as_read(self._file_plan(run).found)
            if checked["events_sql"]:
                tables = self._side_tables(checked).items()
                located = {name: self._as_read(of_name) for name, of_name in tables}
                files = query.queried(files, checked["events_sql"], located)
            self.scans[asked] = scan.file_queries(
                files,
                columns=checked["columns"],
                reject_when=checked["reject_when"],
                user_salt=checked["hash_user_ids"],
                null_texts=checked["null_texts"],
                event_type=settings.only_event_type(checked),
                say=self.notes.append,
            )
        return self.scans[asked]

    def do_targets(self, *, run: Run) -> str:
        """Return the SQL that reads the file of targets."""
        checked = run.checked
        return scan.targets_sql(
            event_files.describe_list(checked["targets"], scratch=self._scratch / "targets"),
            user_salt=checked["hash_user_ids"],
            null_texts=checked["null_texts"],
        )

    def _file_plan(self, run: Run) -> sources.FilePlan:
        """Describe the event files, once per build, and decide which are read."""
        checked = run.checked
        asked = repr((checked, run.full_refresh))
        if asked not in self.file_plans:
            expressions = [*checked["columns"].values(), *checked["reject_when"].values()]
            expressions.append(checked["events_sql"])
            tables = itertools.chain.from_iterable(self._side_tables(checked).values())
            self.file_plans[asked] = (
                sources.plan_files(
                    self.warehouse.work,
                    checked["events"],
                    rules=sources.staging_rules(checked, settings.PROJECT, tables),
                    lookback_days=checked["lookback_days"],
                    csv_options=checked["csv_options"],
                    names=set().union(*map(scan.names_in, expressions)),
                    append=checked["append_events"],
                    full_refresh=run.full_refresh,
                )
                if checked["events"]
                else sources.FilePlan({})
            )
        return self.file_plans[asked]

    def _side_tables(self, checked: Mapping[str, Any]) -> dict[str, list[file_rows.EventFile]]:
        """Describe the files of event_tables, once per build."""
        tables, pattern = checked["event_tables"], checked["events"]
        if not tables or not pattern:
            return {}
        asked = repr((tables, pattern, checked["csv_options"]))
        if asked not in self.tables:
            scratch = self._scratch / "tables"
            self.tables[asked] = query.side_tables(tables, pattern, checked["csv_options"], scratch)
        return self.tables[asked]

    def do_is_too_late(self, *, run: Run) -> str:
        """Return the SQL condition for a row of a new file that is too late."""
        plan = self._file_plan(run)
        if plan.oldest_day is None:
            return "false"
        exempt = ", ".join(map(file_rows.text_literal, ["", *plan.never_late]))
        return f"event_at < date '{plan.oldest_day}' and source_file not in ({exempt})"

    def do_forget_files_read(self) -> None:
        """Record that stg_raw_events is about to be written."""
        sources.forget_files_read(self.warehouse.work)

    def do_files_read(self, *, run: Run) -> list[str]:
        """Record what stg_raw_events holds; return the files whose earlier rows it replaces."""
        plan = self._file_plan(run)
        sources.note_files_read(self.warehouse.work, plan)
        for file in plan.found:
            if file.local != file.path:
                Path(file.local).unlink(missing_ok=True)
        return list(plan.replaced)

    def do_unpacked(self, *, run: Run) -> dict[str, str]:
        """Return the files that were unpacked or decoded for DuckDB, with the user's name of each.

        DuckDB reports their broken lines under the unpacked file's name.
        """
        found = self._file_plan(run).found
        return {file.local: file.path for file in found if file.local != file.path}

    def do_files_staged(self, *, newest_day: str) -> None:
        """Record that stg_events holds the rows of stg_raw_events."""
        sources.note_files_staged(self.warehouse.work, newest_day)

    def do_kept_rows(self, *, table: str) -> str:
        """Return the name of a table in progress when some of its rows are reused, else ''."""
        days.recover(self.warehouse.work, table)
        file = self.warehouse.work / f"{table}.parquet"
        if sources.is_full(self.warehouse.work) or not file.exists():
            return ""
        return database.rows_of(file)

    # ---- the product catalogue ---------------------------------------------------------------

    def _check_catalogue(self, run: Run, selected: Collection[str]) -> list[str]:
        """Check this run's files before anything is written; return lines for the user."""
        checked = run.checked
        said = len(self.notes)
        if READS_CATALOGUE & set(selected):
            self.do_scan_catalogue(run=run)
        if READS_IMPRESSIONS in selected:
            self.do_scan_impressions(run=run)
        for var in LISTS:
            if checked[var]:
                self.do_list(run=run, var=var)
        return self.notes[said:]

    def do_scan_catalogue(self, *, run: Run) -> str:
        """Return the SQL that reads the files of the catalogue."""
        checked = run.checked

        def scan() -> str:
            return catalogue_files.catalogue_sql(
                catalogue_files.queried_catalogue(
                    self._catalogue_files(checked), checked, self._scratch / "catalogue tables"
                ),
                checked["catalogue_columns"],
                catalogue_files.content_columns(checked),
                self.notes.append,
            )

        return self._once(repr(("query", checked)), scan)

    def do_unpacked_catalogue(self, *, run: Run) -> dict[str, str]:
        """Return the catalogue's files that were unpacked, with the user's name of each."""
        checked = run.checked
        files = self._catalogue_files(checked)
        return {file.local: file.path for file in files if file.local != file.path}

    def _catalogue_files(self, checked: Mapping[str, Any]) -> list[file_rows.EventFile]:
        def look() -> list[file_rows.EventFile]:
            if not catalogue_files.has_files(checked):
                return []
            return catalogue_files.describe_catalogue(checked, self._scratch / "catalogue")

        return self._once(repr(("files", checked)), look)

    def do_scan_impressions(self, *, run: Run) -> str:
        """Return the SQL that reads the files of impressions."""
        checked = run.checked

        def scan() -> str:
            return impression_files.impressions_sql(
                self._impression_files(checked),
                checked["impression_columns"],
                user_salt=checked["hash_user_ids"],
                null_texts=checked["null_texts"],
                say=self.notes.append,
            )

        return self._once(repr(("impressions", checked)), scan)

    def do_unpacked_impressions(self, *, run: Run) -> dict[str, str]:
        """Return the files of impressions that were unpacked, with the user's name of each."""
        files = self._impression_files(run.checked)
        return {file.local: file.path for file in files if file.local != file.path}

    def _impression_files(self, checked: Mapping[str, Any]) -> list[file_rows.EventFile]:
        def look() -> list[file_rows.EventFile]:
            return impression_files.describe_impressions(checked, self._scratch / "impressions")

        return self._once(repr(("impression files", checked)), look)

    def do_list(self, *, run: Run, var: str) -> str:
        """Return the SQL that reads the file of the var `hidden` or `allowed`."""
        checked = run.checked

        def read() -> str:
            if not checked[var]:
                return catalogue_files.no_list_sql()
            file = event_files.describe_list(
                checked[var], var, ("product_id",), self._scratch / var
            )
            if var == "allowed" and "user_id" in {name.lower() for name in file.columns}:
                raise ValueError(
                    f"var 'allowed': {checked[var]!r} has a column user_id, but what is allowed "
                    "is the same for all users: leave it out, or name a user's pairs in 'hidden'"
                )
            return catalogue_files.list_sql(
                file, user_salt=checked["hash_user_ids"], null_texts=checked["null_texts"]
            )

        return self._once(repr((var, checked)), read)

    def _once(self, asked: str, read: Callable[[], Found]) -> Found:
        if asked not in self.catalogues:
            self.catalogues[asked] = read()
        return self.catalogues[asked]
