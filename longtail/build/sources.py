"""Event files: which of them a build reads, and the record of those it staged."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.days import UNFINISHED, digest, load_state, save_state
from longtail.build.event_files import describe_files, find_files, require_rows
from longtail.build.file_rows import EventFile
from longtail.build.named_files import (
    NamedFiles,
    count_of,
    refuse_another_log,
    refuse_doubt,
    refuse_to_forget,
    why_read_again,
)
from longtail.build.staging_code import staging_code
from longtail.build.warehouse import Warehouse

STAGED = "stg_events"
DEMO = "demo"
"""Instead of a file name: the source of demo events (macro event_rows)."""
READ = "stg_raw_events"
STAGING_VARS = (
    *("columns", "reject_when", "csv_options", "hash_user_ids", "null_texts", "timezone"),
    *("events_sql", "event_tables"),
    *("earliest_event_at", "latest_event_at", "event_weights"),
)
"""Vars that determine how rows are staged."""


def scratch_folder(work: Path) -> Path:
    """Return where files are unpacked and decoded while a build reads them."""
    return work / "unpacked"


@dataclass(frozen=True)
class FilePlan:
    """Which event files a build reads.

    Attributes
    ----------
    files
        The files to read by full path: `name` as the user wrote it, `size`, modification times and
        `digest` of the content.
    found
        Their descriptions.
    kept
        Likewise the files that need not be read, in their current state, and those that were
        removed or not named and whose events stay; `name` is the file name in their rows.
    is_full
        Whether these files hold all events; else events of other files stay.
    replaced
        File names whose earlier rows are replaced: those of the files to read, and of files that
        changed or were replaced by others.
    oldest_day
        Rows of new files before this day are too late; None when no row is.
    never_late
        Names of files that replace earlier ones: their rows are never too late.
    rules
        Fingerprint of the staging rules.
    lines
        Messages for the user.
    """

    files: dict[str, dict[str, Any]]
    found: tuple[EventFile, ...] = ()
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_full: bool = True
    replaced: tuple[str, ...] = ()
    oldest_day: str | None = None
    never_late: tuple[str, ...] = ()
    rules: str = ""
    lines: tuple[str, ...] = field(default=())


def plan_files(
    work: Path,
    pattern: str,
    *,
    rules: str,
    lookback_days: int,
    csv_options: Mapping[str, Any] | None = None,
    names: Collection[str] = (),
    append: bool = False,
    full_refresh: bool = False,
) -> FilePlan:
    """Compare the files that a pattern names with those whose events are already staged.

    A file is identified by its content: renamed or compressed, it is not read again. A file with
    new content replaces the one that had its name or, if that was removed, its name apart from the
    ending (`.csv`, `.csv.gz`, `.parquet`).

    Parameters
    ----------
    work
        The folder of the tables in progress.
    pattern
        Path or glob of event files.
    rules
        What `staging_rules` returned.
    lookback_days
        How many days before the newest staged day rows of new files may lie.
    csv_options, names
        As in `describe_files`.
    append
        Add to the staged files even if the pattern names none of them; otherwise such a pattern
        counts as another log and is refused.
    full_refresh
        Read all files, and forget those that the pattern does not name.

    Raises
    ------
    ValueError
        If no file matches, one is unreadable, there is no row in any, or events of earlier builds
        would be lost.
    """
    state = load_state(work, STAGED)
    known, begun = state.get("files", {}), state.get("begun", {})
    is_full = full_refresh or not known or state["rules"] != rules
    named = {os.path.abspath(path): path for path in find_files(pattern)}
    asked = set(named)
    lines = []
    for path in [] if is_full else sorted(begun.keys() - named.keys()):
        if os.path.exists(path):
            named[path] = begun[path]["name"]
            lines.append(
                f"{named[path]} is read as well: the last build was interrupted before it was "
                "staged."
            )
    seen: dict[str, EventFile] = {}

    def look(paths: Iterable[str]) -> None:
        """Read through the files that were not read yet."""
        unseen = [path for path in paths if path not in seen]
        files = describe_files(
            [named[path] for path in unseen], csv_options, names, scratch_folder(work)
        )
        seen.update(zip(unseen, files, strict=True))

    present = {path: {"name": name, **_status(path)} for path, name in named.items()}
    look(path for path, entry in present.items() if is_full or not _is_as(entry, known.get(path)))
    for path, entry in present.items():
        entry["digest"] = seen[path].digest if path in seen else known[path]["digest"]
    files = NamedFiles(present, known, begun)
    in_doubt = set() if is_full else set(state.get("in_doubt", []))
    read = files.holders if is_full else files.to_read(in_doubt)
    look(read.values())
    found = tuple(seen[path] for path in read.values())
    if len(read) == len(files.holders):
        require_rows(pattern, found)
    if known and not full_refresh:
        if is_full:
            refuse_to_forget(files, why_read_again(state))
        refuse_doubt(files, in_doubt)
        if not append:
            refuse_another_log(files, asked)
    to_read = {path: present[path] for path in read.values()}
    if is_full:
        if known and not full_refresh:
            lines.append(f"{why_read_again(state)}: all event files are read again.")
        kept = files.names_of_rows(read)
        lines += files.lines_on_copies()
        return FilePlan(to_read, found, kept, rules=rules, lines=tuple(lines))
    lines += [*files.lines_on_changes(), *files.lines_on_copies()]
    lines.append(f"Reading {len(read)} of {count_of(len(named), 'event file')}, new or changed.")
    oldest_day = date.fromisoformat(state["newest_day"]) - timedelta(days=lookback_days)
    replaced = {entry["name"] for entry in to_read.values()} | in_doubt
    replaced |= {files.staged[digest] for digest in read if digest in files.staged}
    replaced |= {known[path]["name"] for path in files.places if path in known}
    again = {path for digest, path in read.items() if digest in files.staged}
    again |= known.keys() | set(files.places.values())
    return FilePlan(
        to_read,
        found,
        kept=files.stays | files.names_of_rows(read),
        is_full=False,
        replaced=tuple(sorted(replaced)),
        oldest_day=oldest_day.isoformat(),
        never_late=tuple(entry["name"] for path, entry in to_read.items() if path in again),
        rules=rules,
        lines=tuple(lines),
    )


def staging_rules(
    settings: Mapping[str, Any], project: Path, tables: Iterable[EventFile] = ()
) -> str:
    """Return a fingerprint of everything that determines how rows are staged.

    Parameters
    ----------
    settings
        The vars with their values.
    project
        The folder of dbt_project.yml.
    tables
        Side files of the event files: any change in one may change every row.
    """
    vars_of_staging = json.dumps([settings[name] for name in STAGING_VARS], default=str)
    code = [file.read_text(encoding="utf-8") for file in staging_code(project)]
    contents = sorted(file.digest for file in tables)
    return digest(vars_of_staging, duckdb.__version__, *code, *contents)


def holds_files(warehouse: Warehouse) -> bool:
    """Whether a warehouse has events from files: staged, or published by the last good build."""
    if load_state(warehouse.work, STAGED).get("files"):
        return True
    published = warehouse.root / f"{STAGED}.parquet"
    if not published.exists():
        return False
    rows = duckdb.from_parquet(glob.escape(str(published)))
    return bool(rows.filter(f"source_file != '{DEMO}'").limit(1).fetchall())


def note_files_read(work: Path, plan: FilePlan) -> None:
    """Record that `stg_raw_events` holds the rows of a plan, which will be staged next.

    Until `note_files_staged`, earlier staged rows of these files are unreliable.
    """
    save_state(
        work,
        READ,
        files=plan.files,
        kept=plan.kept,
        is_full=plan.is_full,
        rules=plan.rules,
    )
    if plan.is_full:
        save_state(work, STAGED, rules=UNFINISHED)
        return
    reading = {entry["digest"] for entry in plan.files.values()}
    kept = {path: entry for path, entry in plan.kept.items() if entry["digest"] not in reading}
    unchanged = {entry["digest"] for entry in kept.values()}
    replaced = {
        path: entry
        for path, entry in load_state(work, STAGED)["files"].items()
        if entry["digest"] not in unchanged
    }
    save_state(work, STAGED, files=replaced | kept, begun=plan.files, in_doubt=plan.replaced)


def forget_files_read(work: Path) -> None:
    """Record that `stg_raw_events` is about to be written: its content is unknown until then."""
    (work / f"{READ}.json").unlink(missing_ok=True)


def is_full(work: Path) -> bool:
    """Whether `stg_raw_events` holds all events, not just those of new files.

    Raises
    ------
    ValueError
        If writing it did not finish.
    """
    state = load_state(work, READ)
    if "kept" not in state:  # or an earlier version of longtail wrote it
        raise ValueError(f"{READ} was not finished: run `dbt build`")
    return state["is_full"]


def note_files_staged(work: Path, newest_day: str) -> None:
    """Record that `stg_events` holds the rows of `stg_raw_events`, and the log's last day."""
    read = load_state(work, READ)
    save_state(
        work,
        STAGED,
        files=read["kept"] | read["files"],
        rules=read["rules"],
        newest_day=newest_day,
        begun={},
        in_doubt=[],
    )


def _status(path: str) -> dict[str, int]:
    """Return file attributes that change with its content."""
    status = os.stat(path)
    return {
        "size": status.st_size,
        "changed_at": status.st_mtime_ns,
        "inode_changed_at": status.st_ctime_ns,  # no copy or touch can set it back
    }


def _is_as(entry: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether a file's content is known to be unchanged without reading it."""
    keys = ("size", "changed_at", "inode_changed_at")
    return known is not None and all(entry[key] == known[key] for key in keys)
