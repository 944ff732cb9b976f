"""Event files: which of them a build reads, and what it notes of those that it staged."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.days import UNFINISHED, digest, load_state, save_state
from longtail.build.event_files import describe_files, find_files, require_rows
from longtail.build.file_rows import EventFile
from longtail.build.warehouse import Warehouse

STAGED = "stg_events"
DEMO = "demo"
"""In place of a file's name: what rows of demo events bear (macro event_rows)."""
READ = "stg_raw_events"
STAGING_VARS = (
    *("columns", "reject_when", "csv_options", "hash_user_ids", "null_texts"),
    *("earliest_event_at", "latest_event_at", "event_weights"),
)
"""Vars that decide what a row of a file becomes."""
STAGING_CODE = (
    *(
        "models/staging/*.sql",
        "macros/events/event_rows.sql",
        "macros/events/keep_broken_lines.sql",
        "macros/events/given_text.sql",
    ),
    *("longtail/build/event_files.py", "longtail/build/file_rows.py", "longtail/build/scan.py"),
    *("macros/dialect/parse_event_time.sql", "macros/dialect/text_list.sql"),
)
"""Code that decides it."""
ENDINGS = re.compile(r"(\.(csv|tsv|txt|parquet|gz))+$", re.IGNORECASE)


@dataclass(frozen=True)
class FilePlan:
    """Which event files a build reads.

    Attributes
    ----------
    files
        The files to read by their full path: `name` as the user wrote it, `size`, times of the last
        change and `digest` of the content.
    found
        What was seen in them.
    kept
        Likewise the files that need not be read, as they look now, and those that are gone or not
        named and whose events stay; `name` is the one that their rows bear.
    is_full
        Whether these are all events there will be; else those of other files stay.
    replaced
        Names whose earlier rows are replaced: those of the files to read, and those that the rows
        of files bear which have changed, or made way for others.
    oldest_day
        Rows of new files before this day are too late; None when no row is.
    never_late
        Names of files in the place of earlier ones, whose rows are not.
    rules
        Fingerprint of the rules by which rows are staged.
    lines
        What the user should know.
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
    csv_options: Mapping[str, str] | None = None,
    names: Collection[str] = (),
    append: bool = False,
    full_refresh: bool = False,
) -> FilePlan:
    """Compare the files that a pattern names with those whose events are already staged.

    A file is known by its content: under another name, or compressed, it is not read again. One
    with other content takes the place of the file that had its name or, when that file is gone,
    its name but for the ending (`.csv`, `.csv.gz`, `.parquet`).

    Parameters
    ----------
    work
        The folder of the tables in progress.
    pattern
        Path or glob of event files.
    rules
        What `staging_rules` returned.
    lookback_days
        How far before the newest day that is there rows of new files may lie.
    csv_options, names
        As in `describe_files`.
    append
        Add to the files that are staged even if the pattern names none of them; otherwise such a
        pattern is another log, and refused.
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
                f"{named[path]} is read as well: the last build broke off before it was staged."
            )
    seen: dict[str, EventFile] = {}

    def look(paths: Iterable[str]) -> None:
        """Read through the files that were not yet."""
        unseen = [path for path in paths if path not in seen]
        files = describe_files([named[path] for path in unseen], csv_options, names)
        seen.update(zip(unseen, files, strict=True))

    present = {path: {"name": name, **_status(path)} for path, name in named.items()}
    look(path for path, entry in present.items() if is_full or not _is_as(entry, known.get(path)))
    for path, entry in present.items():
        entry["digest"] = seen[path].digest if path in seen else known[path]["digest"]
    files = _Files(present, known, begun)
    in_doubt = set() if is_full else set(state.get("in_doubt", []))
    read = files.holders if is_full else files.to_read(in_doubt)
    look(read.values())
    found = tuple(seen[path] for path in read.values())
    if len(read) == len(files.holders):
        require_rows(pattern, found)
    if known and not full_refresh:
        if is_full:
            _refuse_to_forget(files, _why_anew(state))
        _refuse_doubt(files, in_doubt)
        if not append:
            _refuse_another_log(files, asked)
    to_read = {path: present[path] for path in read.values()}
    if is_full:
        if known and not full_refresh:
            lines.append(f"{_why_anew(state)}: all event files are read again.")
        kept = files.names_of_rows(read)
        lines += files.lines_on_copies()
        return FilePlan(to_read, found, kept, rules=rules, lines=tuple(lines))
    lines += [*files.lines_on_changes(read), *files.lines_on_copies()]
    lines.append(f"Reading {len(read)} of {_count(len(named), 'event file')}, new or changed.")
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


class _Files:
    """Files that EVENTS names, held against those of earlier builds.

    Attributes
    ----------
    present
        The named files by full path.
    known
        Likewise those of earlier builds, `name` the one that their rows bear.
    holders
        Content to the first named file that has it.
    staged
        Content to the name that its rows bear.
    places
        File of earlier builds whose content is no longer there, to the named file in its place.
    stays
        Those of `known` that are gone or not named, so that their events stay.
    """

    def __init__(
        self,
        present: Mapping[str, dict[str, Any]],
        known: Mapping[str, dict[str, Any]],
        begun: Mapping[str, dict[str, Any]],
    ) -> None:
        self.present, self.known, self.begun = present, known, begun
        self.holders: dict[str, str] = {}
        for path, entry in present.items():
            self.holders.setdefault(entry["digest"], path)
        self.staged = {entry["digest"]: entry["name"] for entry in known.values()}
        self._by_name = {entry["name"]: path for path, entry in present.items()}
        self._by_stem = {
            _stem(path): path
            for path, entry in present.items()
            if entry["digest"] not in self.staged
        }
        self.places: dict[str, str] = {}
        for path, entry in [*begun.items(), *known.items()]:
            place = None if entry["digest"] in self.holders else self._place_of(path, entry)
            if place:
                self.places[path] = place
        replaced = {known[path]["digest"] for path in self.places if path in known}
        self.stays = {
            path: entry
            for path, entry in known.items()
            if entry["digest"] not in self.holders.keys() | replaced
        }

    @property
    def lost(self) -> dict[str, dict[str, Any]]:
        """Files of earlier builds, and of one that broke off, that are gone or not named."""
        return self.stays | {
            path: entry
            for path, entry in self.begun.items()
            if entry["digest"] not in self.holders and path not in self.places
        }

    def _place_of(self, path: str, entry: Mapping[str, Any]) -> str | None:
        """Return the named file in the place of one whose content no named file has."""
        if path in self.present:
            return path
        if path in self.begun and self.begun[path]["digest"] in self.holders:
            return self.holders[self.begun[path]["digest"]]
        if entry["name"] in self._by_name:
            return self._by_name[entry["name"]]
        return None if os.path.exists(path) else self._by_stem.get(_stem(path))

    def to_read(self, in_doubt: Collection[str]) -> dict[str, str]:
        """Return content and file of what is not staged, or not for certain.

        Content is read again when another file now has the name that its rows bear, as in a
        rotated log: rows are replaced by that name.
        """
        return {
            digest: path
            for digest, path in self.holders.items()
            if digest not in self.staged
            or self.staged[digest] in in_doubt
            or self._name_is_of_another(digest)
        }

    def _name_is_of_another(self, digest: str) -> bool:
        path = self._by_name.get(self.staged[digest])
        return path is not None and self.present[path]["digest"] != digest

    def names_of_rows(self, read: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Return the named files that are not read, with the name that the rows of each bear."""
        return {
            path: entry | {"name": self._name_of_rows(entry["digest"], read)}
            for path, entry in self.present.items()
            if read.get(entry["digest"]) != path
        }

    def _name_of_rows(self, digest: str, read: Mapping[str, str]) -> str:
        return self.present[read[digest]]["name"] if digest in read else self.staged[digest]

    def lines_on_changes(self, read: Mapping[str, str]) -> list[str]:
        """Say what became of the files of earlier builds."""
        lines = []
        for path, place in self.places.items():
            new = self.present[place]["name"]
            old = (self.known.get(path) or self.begun[path])["name"]
            what = "has changed" if path == place else f"takes the place of {old}"
            lines.append(f"{new} {what}: its rows are replaced.")
        moved = [
            (entry["name"], self.present[self.holders[entry["digest"]]]["name"])
            for path, entry in self.known.items()
            if path not in self.present and entry["digest"] in self.holders
        ]
        if moved:
            lines.append(
                f"{_count(len(moved), 'file')} of earlier builds under another name, such as "
                f"{moved[0][0]}, now {moved[0][1]}: the events stay."
            )
        if self.stays:
            lines.append(
                f"{_count(len(self.stays), 'file')} of earlier builds not among those that EVENTS "
                "names: the events stay (--full-refresh drops them)."
            )
        return lines

    def lines_on_copies(self) -> list[str]:
        """Say which files have the content of another."""
        copies = [
            (entry["name"], self.present[self.holders[entry["digest"]]]["name"])
            for path, entry in self.present.items()
            if self.holders[entry["digest"]] != path
        ]
        if not copies:
            return []
        return [
            f"{_count(len(copies), 'file')} with the content of another, such as {copies[0][0]} "
            f"of {copies[0][1]}: it is read once."
        ]


def _refuse_to_forget(files: _Files, reason: str) -> None:
    """Refuse to read all events again without the files of some."""
    if lost := files.lost:
        raise ValueError(
            f"{reason}, so that all event files must be read again, but "
            f"{_count(len(lost), 'file')} of earlier builds, such as "
            f"{lost[min(lost)]['name']!r}, are not among those that EVENTS names: name all, or "
            "start anew from those named with --full-refresh"
        )


def _refuse_doubt(files: _Files, in_doubt: Collection[str]) -> None:
    """Refuse to go on without a file that was being staged when a build broke off."""
    gone = sorted(entry["name"] for entry in files.lost.values() if entry["name"] in in_doubt)
    if gone:
        raise ValueError(
            f"the last build broke off while it staged {gone[0]!r}, which is gone: put it back, or "
            "start anew from the files that EVENTS names with --full-refresh"
        )


def _refuse_another_log(files: _Files, asked: Collection[str]) -> None:
    """Refuse files none of which is, holds or takes the place of one of earlier builds."""
    earlier = files.begun | files.known
    contents = {files.present[path]["digest"] for path in asked}
    if not any(
        path in asked or entry["digest"] in contents or files.places.get(path) in asked
        for path, entry in earlier.items()
    ):
        raise ValueError(
            f"EVENTS names no file of earlier builds ({len(earlier):,}, such as "
            f"{earlier[min(earlier)]['name']!r}): to add to their events set the var "
            "append_events: true, to drop them give --full-refresh (make: FLAGS=--full-refresh)"
        )


def _why_anew(state: Mapping[str, Any]) -> str:
    if state["rules"] == UNFINISHED:
        return "The last build broke off while it staged all events"
    return "The rules of staging have changed (a var or a model)"


def staging_rules(settings: Mapping[str, Any], project: Path) -> str:
    """Return a fingerprint of all that decides what a row of a file becomes.

    Parameters
    ----------
    settings
        The vars with their values.
    project
        The folder of dbt_project.yml.
    """
    vars_of_staging = json.dumps([settings[name] for name in STAGING_VARS], default=str)
    code = [
        file.read_text(encoding="utf-8")
        for place in STAGING_CODE
        for file in sorted(project.glob(place))
    ]
    return digest(vars_of_staging, duckdb.__version__, *code)


def holds_files(warehouse: Warehouse) -> bool:
    """Whether a warehouse has events of files: staged, or published by the last good build."""
    if load_state(warehouse.work, STAGED).get("files"):
        return True
    published = warehouse.root / f"{STAGED}.parquet"
    if not published.exists():
        return False
    rows = duckdb.from_parquet(glob.escape(str(published)))
    return bool(rows.filter(f"source_file != '{DEMO}'").limit(1).fetchall())


def note_files_read(work: Path, plan: FilePlan) -> None:
    """Note that `stg_raw_events` holds the rows of a plan, which are now about to be staged.

    Until `note_files_staged` nobody may rely on what was staged of these files before.
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
    """Note that `stg_raw_events` is about to be written, and what it holds unknown until then."""
    (work / f"{READ}.json").unlink(missing_ok=True)


def is_full(work: Path) -> bool:
    """Whether `stg_raw_events` holds all events, not just those of new files.

    Raises
    ------
    ValueError
        If it was not finished.
    """
    state = load_state(work, READ)
    if "kept" not in state:  # or an earlier version of longtail wrote it
        raise ValueError(f"{READ} was not finished: run `dbt build`")
    return state["is_full"]


def note_files_staged(work: Path, newest_day: str) -> None:
    """Note that `stg_events` holds what `stg_raw_events` does, and the last day of the log."""
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
    """Return what changes with a file's content."""
    status = os.stat(path)
    return {
        "size": status.st_size,
        "changed_at": status.st_mtime_ns,
        "inode_changed_at": status.st_ctime_ns,  # which no copy or touch sets back
    }


def _is_as(entry: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether a file need not be read to know that its content is the known one."""
    keys = ("size", "changed_at", "inode_changed_at")
    return known is not None and all(entry[key] == known[key] for key in keys)


def _stem(path: str) -> str:
    """Return a path without the endings that tell format and compression."""
    return ENDINGS.sub("", path)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
