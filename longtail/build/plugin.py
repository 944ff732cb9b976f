"""What dbt calls: input checks before a build, publication after it.

dbt-duckdb loads this module (profiles.yml) and the macro `longtail_package` talks to it.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError

from longtail.build import (
    database,
    days,
    event_files,
    file_rows,
    machine,
    query,
    run_log,
    scan,
    settings,
    sources,
)
from longtail.build.analyst_macros import macro_statements
from longtail.build.catalogue_actions import CatalogueActions
from longtail.build.messages import SHOWN, advice, hint, mixed_settings, nothing_kept, waiting
from longtail.build.summary import summary
from longtail.build.warehouse import BuildState, Warehouse, downstream

_LOGGER = logging.getLogger(__name__)

GOOD = ("success", "pass", "warn", "no-op")
BAD = ("error", "fail", "runtime error", "partial success")
READS_EVENTS = "model.longtail.stg_raw_events"
GATES_TEST = "assert_release_gates_pass"


class Plugin(CatalogueActions, BasePlugin):
    """Answers the macro `longtail_package`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Create the warehouse before DuckDB opens the build's database in it."""
        assert self.creds is not None
        _show_progress()
        self.scans: dict[str, str] = {}
        self.notes: list[str] = []
        self.tables: dict[str, dict[str, list[file_rows.EventFile]]] = {}
        self.file_plans: dict[str, sources.FilePlan] = {}
        self.catalogues: dict[str, Any] = {}
        self.warehouse = Warehouse(Path(self.creds.external_root).parent)
        # What profiles.yml cannot do: from here on every path is absolute.
        self.creds.external_root = str(self.warehouse.work)
        self.creds.path = str(self.warehouse.work / Path(self.creds.path).name)
        try:
            machine.check_limits(self.creds.config_options)
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None
        if found := set("'?") & set(str(self.warehouse.root)):
            raise DbtRuntimeError(
                f"the warehouse folder {self.warehouse.root} has a {found.pop()} in its path: "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one without"
            )
        try:
            self.warehouse.prepare()
        except OSError as error:
            raise DbtRuntimeError(
                f"cannot write to the warehouse folder {self.warehouse.root}: "
                f"{error.strerror or error}; "
                "set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to one that you may write"
            ) from error
        self._open_once()

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Let DuckDB spill into the warehouse."""
        config["temp_directory"] = str(self.warehouse.work / "spill")

    def _open_once(self) -> None:
        """Open and close the build's database, to say in one line why it cannot be opened.

        While it is open no other build is at work: the moment to mend what a killed one left.
        """
        path = self.creds.path
        try:
            with duckdb.connect(path) as connection:
                self.warehouse.repair()
                if before := self.warehouse.follow_move(connection):
                    _LOGGER.info(
                        "The warehouse was in %s: its views now read the files here.", before
                    )
        except duckdb.IOException as error:
            if "Could not set lock" in str(error):
                raise DbtRuntimeError(
                    f"another dbt is at work in {self.warehouse.root}: wait until it has ended, "
                    "or set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to another folder"
                ) from None
            raise DbtRuntimeError(
                hint(str(error))
                or f"cannot open {path}, which every `dbt build` can rebuild: remove it"
            ) from None
        except OSError as error:
            raise DbtRuntimeError(
                hint(str(error))
                or f"cannot mend {self.warehouse.root} after a broken-off build: "
                f"{error.strerror or error}"
            ) from error

    def store(self, target_config: TargetConfig) -> None:
        """Answer one message: `action` names the method, `answer` holds what it returned."""
        message = target_config.config
        try:
            message["answer"] = getattr(self, f"do_{message['action']}")(message)
        except ValueError as error:
            raise DbtRuntimeError(str(error)) from None
        except (OSError, duckdb.Error) as error:
            raise DbtRuntimeError(hint(str(error)) or str(error)) from None

    def do_begin(self, message: Mapping[str, Any]) -> list[str]:
        """Check vars and input, and note what is about to change; return lines for the user.

        A model that runs changes all that reads it: until those have run and been tested too,
        the tables do not belong together and are not published.
        """
        checked = settings.check(message["vars"], settings.load_defaults())
        selected = message["selected"]
        if message.get("part"):
            raise ValueError(
                f"--{message['part']} builds tables of a part of the rows, which would be taken "
                "for all: run dbt without it (few events for a try: demo_events: 10000)"
            )
        self.scans.clear()
        self.file_plans.clear()
        self.tables.clear()
        self.catalogues.clear()
        shutil.rmtree(self._scratch, ignore_errors=True)
        lines: list[str] = []
        if READS_EVENTS in selected:
            if checked["events"]:
                self.do_scan(message)
                lines += [*self._file_plan(message).lines, *self.notes]
            elif not checked["demo"]:
                self._refuse_demo(message.get("target", ""))
        if checked["targets"]:
            self.do_targets(message)
        lines += self.check_catalogue(message)
        if message["which"] != "test":
            models = [node for node in selected if node.startswith("model.")]
            changing = downstream(models, message["parents"])
            state = BuildState(self.warehouse.work)
            left = state.made_with.keys() & message["parents"].keys() - set(selected)
            names = settings.different([_told(message), *(state.made_with[node] for node in left)])
            if models and left and names:
                lines.append(
                    f"Tables that this run leaves as they are have another '{names[0]}': "
                    "it will not be published."
                )
            state.begin(changing - set(message["without_result"]))
        return lines

    def _refuse_demo(self, target: str) -> None:
        """Refuse made-up events where somebody may take them for a shop's."""
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

    def do_scan(self, message: Mapping[str, Any]) -> str:
        """Return the SQL that reads new and changed event files."""
        checked = settings.check(message["vars"], settings.load_defaults())
        asked = repr(checked)
        if asked not in self.scans:
            self.notes.clear()
            files = self._file_plan(message).found
            if checked["events_sql"]:
                files = query.queried(files, checked["events_sql"], self._side_tables(checked))
            self.scans[asked] = scan.scan_sql(
                files,
                columns=checked["columns"],
                reject_when=checked["reject_when"],
                user_salt=checked["hash_user_ids"],
                null_texts=checked["null_texts"],
                event_type=settings.only_event_type(checked),
                say=self.notes.append,
            )
        return self.scans[asked]

    def do_targets(self, message: Mapping[str, Any]) -> str:
        """Return the SQL that reads the file of targets."""
        checked = settings.check(message["vars"], settings.load_defaults())
        return scan.targets_sql(
            event_files.describe_list(checked["targets"], scratch=self._scratch / "targets"),
            user_salt=checked["hash_user_ids"],
            null_texts=checked["null_texts"],
        )

    def _file_plan(self, message: Mapping[str, Any]) -> sources.FilePlan:
        """Look at the event files, once per build, and decide which are read."""
        checked = settings.check(message["vars"], settings.load_defaults())
        full_refresh = message.get("full_refresh", False)
        asked = repr((checked, full_refresh))
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
                    full_refresh=full_refresh,
                )
                if checked["events"]
                else sources.FilePlan({})
            )
        return self.file_plans[asked]

    def _side_tables(self, checked: Mapping[str, Any]) -> dict[str, list[file_rows.EventFile]]:
        """Look at the files of event_tables, once per build."""
        tables, pattern = checked["event_tables"], checked["events"]
        if not tables or not pattern:
            return {}
        asked = repr((tables, pattern, checked["csv_options"]))
        if asked not in self.tables:
            scratch = self._scratch / "tables"
            self.tables[asked] = query.side_tables(tables, pattern, checked["csv_options"], scratch)
        return self.tables[asked]

    def do_is_too_late(self, message: Mapping[str, Any]) -> str:
        """Return the condition by which a row of a new file comes too late."""
        plan = self._file_plan(message)
        if plan.oldest_day is None:
            return "false"
        exempt = ", ".join(map(file_rows.text_literal, ["", *plan.never_late]))
        return f"event_at < date '{plan.oldest_day}' and source_file not in ({exempt})"

    def do_forget_files_read(self, message: Mapping[str, Any]) -> None:
        """Note that stg_raw_events is about to be written."""
        sources.forget_files_read(self.warehouse.work)

    def do_files_read(self, message: Mapping[str, Any]) -> list[str]:
        """Note what stg_raw_events holds; return the files whose earlier rows it replaces."""
        plan = self._file_plan(message)
        sources.note_files_read(self.warehouse.work, plan)
        for file in plan.found:
            if file.local != file.path:
                Path(file.local).unlink(missing_ok=True)
        return list(plan.replaced)

    def do_unpacked(self, message: Mapping[str, Any]) -> dict[str, str]:
        """Return the files that were unpacked or decoded for DuckDB, with the user's name of each.

        Their broken lines are noted under the wrong name.
        """
        found = self._file_plan(message).found
        return {file.local: file.path for file in found if file.local != file.path}

    def do_files_staged(self, message: Mapping[str, Any]) -> None:
        """Note that stg_events holds what stg_raw_events does."""
        sources.note_files_staged(self.warehouse.work, message["newest_day"])

    def do_kept_rows(self, message: Mapping[str, Any]) -> str:
        """Return the name of a table in progress when rows of it stay, else ''."""
        days.recover(self.warehouse.work, message["table"])
        file = self.warehouse.work / f"{message['table']}.parquet"
        if sources.is_full(self.warehouse.work) or not file.exists():
            return ""
        return database.rows_of(file)

    def do_plan_days(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return first_day and moved_from of `days.plan_days`."""
        return vars(self._days(days.plan_days, message, "query", "reads", "as_of", "full"))

    def do_day_batches(self, message: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return first and last day of each batch."""
        return self._days(days.batches_of_days, message, "first_day")

    def do_rows_since(self, message: Mapping[str, Any]) -> int:
        """Return how many rows a table has from a day on."""
        return self._days(days.rows_since, message, "first_day")

    def do_new_part(self, message: Mapping[str, Any]) -> str:
        """Return the folder for one part of a table's new days."""
        return self._days(days.new_part, message, "part", "day")

    def do_collect_days(self, message: Mapping[str, Any]) -> bool:
        """Put a table's new days and those that stay together; return whether there is a row."""
        return self._days(days.collect_days, message, "first_day", "day")

    def do_replace_days(self, message: Mapping[str, Any]) -> None:
        """Make what was put together the table."""
        self._days(days.replace_days, message, "first_day", "query", "reads", "as_of")

    def do_note_days(self, message: Mapping[str, Any]) -> None:
        """Note that a table's days are up to date."""
        self._days(days.note_days, message, "query", "reads", "as_of")

    def _days(self, function: Callable[..., Any], message: Mapping[str, Any], *names: str) -> Any:
        """Call a function of `days` on the message's table with these entries of it."""
        arguments = {name: message[name] for name in names if name in message}
        return function(self.warehouse.work, message["table"], **arguments)

    def do_settings(self, message: Mapping[str, Any]) -> str:
        """Return every var with its value in this run, as a JSON object, a secret's left out."""
        return json.dumps(_told(message))

    def do_commit(self, message: Mapping[str, Any]) -> str:
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

    def do_earlier(self, message: Mapping[str, Any]) -> str:
        """Return the query for the rows that earlier builds published of a table, or ''."""
        published = self.warehouse.root / f"{message['table']}.parquet"
        if not published.exists():
            return ""
        return f"select * from {database.rows_of(published)}"

    def do_remove(self, message: Mapping[str, Any]) -> None:
        """Remove files in progress that are no longer needed."""
        for file in message["files"]:
            Path(file).unlink(missing_ok=True)

    def do_refuse(self, message: Mapping[str, Any]) -> None:
        """Fail a model with one clear line."""
        raise ValueError(message["reason"])

    def do_refuse_rows(self, message: Mapping[str, Any]) -> None:
        """Fail because no row of the event files can be used."""
        raise ValueError(nothing_kept(message["rows"]))

    def do_finish(self, message: Mapping[str, Any]) -> list[str]:
        """Publish if everything that changed is good; return lines for the user."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        outcomes, tables = message["outcomes"], message["tables"]
        good = [outcome["node"] for outcome in outcomes if outcome["status"] in GOOD]
        state = BuildState(self.warehouse.work)
        state.finish(good, message["known"], _told(message))
        bad = [outcome for outcome in outcomes if outcome["status"] in BAD]
        try:
            run_log.extend(
                self.warehouse.work,
                self.warehouse.root / f"{run_log.NAME}.parquet",
                build_id=message["build_id"],
                run_started_at=message["run_started_at"].replace(tzinfo=None),
                outcomes=outcomes,
            )
        except OSError:
            if not bad:  # a full disk has failed a model too, which says more
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
        missing = [file for file in wanted if not (self.warehouse.work / file).exists()]
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
        """Say in one line each what failed and what to do."""
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
        """Say which figures fell short, of what, and what helps."""
        gates = pq.read_table(self.warehouse.work / "release_gates.parquet").to_pylist()
        return [
            f"  {gate['gate']}: {gate['message']}" for gate in gates if gate["status"] == "closed"
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


def _told(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return every var with its value in this run, as JSON tells it, a secret left out."""
    checked = settings.check(message["vars"], settings.load_defaults())
    if checked["hash_user_ids"]:
        checked["hash_user_ids"] = "set"
    return json.loads(json.dumps(checked, default=str))
