"""Event files: which of them a build reads, and what it notes of those that it staged."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from longtail.build.days import UNFINISHED, digest, load_state, save_state
from longtail.build.event_files import find_files

STAGED = "stg_events"
READ = "stg_raw_events"
STAGING_VARS = (
    *("columns", "reject_when", "csv_options", "hash_user_ids"),
    *("earliest_event_at", "latest_event_at", "event_weights"),
)
"""Vars that decide what a row of a file becomes."""
STAGING_CODE = (
    *(
        "models/staging/*.sql",
        "macros/events/event_rows.sql",
        "macros/events/keep_broken_lines.sql",
    ),
    *("longtail/build/event_files.py", "longtail/build/file_rows.py", "longtail/build/scan.py"),
    *("macros/dialect/parse_event_time.sql", "macros/dialect/text_list.sql"),
)
"""Code that decides it."""


@dataclass(frozen=True)
class FilePlan:
    """Which event files a build reads.

    Attributes
    ----------
    files
        The files to read by their full path: `name` as the user wrote it, `size`, times of the last
        change and `digest` of the content.
    unchanged
        Likewise the files that need not be read, as they look now.
    is_full
        Whether these are all events there will be; else those of other files stay.
    replaced
        Names of files whose earlier rows are replaced: the files to read, by their names of now
        and of then.
    oldest_day
        Rows of new files before this day are too late; None when no row is.
    never_late
        Names of changed files, whose rows are not.
    rules
        Fingerprint of the rules by which rows are staged.
    lines
        What the user should know.
    """

    files: dict[str, dict[str, Any]]
    unchanged: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_full: bool = True
    replaced: tuple[str, ...] = ()
    oldest_day: str | None = None
    never_late: tuple[str, ...] = ()
    rules: str = ""
    lines: tuple[str, ...] = field(default=())

    @property
    def names(self) -> list[str]:
        """The files to read, as the user wrote them."""
        return [entry["name"] for entry in self.files.values()]


def plan_files(
    work: Path,
    pattern: str,
    *,
    rules: str,
    lookback_days: int,
    append: bool = False,
    full_refresh: bool = False,
) -> FilePlan:
    """Compare the files that a pattern names with those whose events are already staged.

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
    append
        Add to the files that are staged even if the pattern names none of them; otherwise such a
        pattern is another log, which takes their place.
    full_refresh
        Read all files, and forget those that the pattern does not name.

    Raises
    ------
    ValueError
        If no file matches, or all are to be read again and some are not named.
    """
    named = {os.path.abspath(path): path for path in find_files(pattern)}
    state = load_state(work, STAGED)
    known = state.get("files", {})
    unfinished = state.get("unfinished", {})
    is_another = not append and (known | unfinished).keys().isdisjoint(named)
    if full_refresh or not known or is_another or state["rules"] != rules:
        lines = ()
        if known and not full_refresh:
            lines = (_why_anew(state, named, is_another),)
        files = {path: _fingerprint(path, name) for path, name in named.items()}
        return FilePlan(files, rules=rules, lines=lines)
    lines = []
    for path in unfinished.keys() - named.keys():
        named[path] = unfinished[path]
        lines.append(_why_as_well(path, named[path]))
    read, unchanged = {}, {}
    for path, name in named.items():
        entry = _fingerprint(path, name, known.get(path))
        if path in unfinished or path not in known or entry["digest"] != known[path]["digest"]:
            read[path] = entry
        else:
            unchanged[path] = entry | {"name": known[path]["name"]}  # which its rows bear
    changed = [path for path in read if path in known]
    gone = len(known.keys() - named.keys())
    lines += [f"{known[path]['name']} has changed: its rows are replaced." for path in changed]
    if gone:
        lines.append(
            f"{_count(gone, 'file')} of earlier builds not among those that EVENTS names: "
            "the events stay (--full-refresh drops them)."
        )
    lines.append(f"Reading {len(read)} of {_count(len(named), 'event file')}, new or changed.")
    oldest_day = date.fromisoformat(state["newest_day"]) - timedelta(days=lookback_days)
    return FilePlan(
        read,
        unchanged=unchanged,
        is_full=False,
        replaced=(
            *(entry["name"] for entry in read.values()),
            *(known[path]["name"] for path in changed),
            *unfinished.values(),
        ),
        oldest_day=oldest_day.isoformat(),
        never_late=tuple(read[path]["name"] for path in changed),
        rules=rules,
        lines=tuple(lines),
    )


def _why_as_well(path: str, name: str) -> str:
    """Say why a file that the pattern does not name is read; refuse it when it is gone."""
    if not os.path.exists(path):
        raise ValueError(
            f"the last build broke off while it staged {name!r}, which is gone: put it back, or "
            "start anew from the files that EVENTS names with --full-refresh"
        )
    return f"{name} is read as well: the last build broke off before it was staged."


def _why_anew(state: Mapping[str, Any], named: Mapping[str, str], is_another: bool) -> str:
    """Say why all files are read; refuse it when events would be lost that way."""
    known = {path: entry["name"] for path, entry in state["files"].items()}
    known |= state.get("unfinished", {})
    reason = "the rules of staging have changed (a var or a model)"
    if state["rules"] == UNFINISHED:
        reason = "the last build broke off while it staged all events"
    if is_another:
        return (
            f"EVENTS names none of the {_count(len(known), 'file')} of earlier builds: it is taken "
            "for another log, in place of theirs (append_events: true adds to it)."
        )
    missing = known.keys() - named.keys()
    if missing:
        raise ValueError(
            f"{reason}, so that all event files "
            f"must be read again, but {_count(len(missing), 'file')} of earlier builds, such "
            f"as {known[min(missing)]!r}, are not among those that EVENTS names: name "
            "all, or start anew from those named with --full-refresh"
        )
    return f"{reason[0].upper()}{reason[1:]}: all event files are read again."


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


def note_files_read(work: Path, plan: FilePlan) -> None:
    """Note that `stg_raw_events` holds the rows of a plan, which are now about to be staged.

    Until `note_files_staged` nobody may rely on what was staged of these files before.
    """
    save_state(
        work,
        READ,
        files=plan.files,
        unchanged=plan.unchanged,
        is_full=plan.is_full,
        rules=plan.rules,
    )
    if plan.is_full:
        save_state(work, STAGED, rules=UNFINISHED)
    elif plan.files:
        names = {path: entry["name"] for path, entry in plan.files.items()}
        save_state(work, STAGED, unfinished=names)


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
    if not state:
        raise ValueError(f"{READ} was not finished: run `dbt build`")
    return state["is_full"]


def note_files_staged(work: Path, newest_day: str) -> None:
    """Note that `stg_events` holds what `stg_raw_events` does, and the last day of the log."""
    read, staged = load_state(work, READ), load_state(work, STAGED)
    save_state(
        work,
        STAGED,
        files=({} if read["is_full"] else staged["files"] | read.get("unchanged", {}))
        | read["files"],
        rules=read["rules"],
        newest_day=newest_day,
        unfinished={},
    )


def _fingerprint(path: str, name: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Describe a file's content; it is read only when its size or time is another than known."""
    status = os.stat(path)
    seen = {
        "size": status.st_size,
        "changed_at": status.st_mtime_ns,
        "inode_changed_at": status.st_ctime_ns,  # which no copy or touch sets back
    }
    entry = {"name": name, **seen}
    if known and all(known.get(key) == value for key, value in seen.items()):
        return entry | {"digest": known["digest"]}
    with open(path, "rb") as file:
        return entry | {"digest": hashlib.file_digest(file, "blake2b").hexdigest()}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
