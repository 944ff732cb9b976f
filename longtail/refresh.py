"""What a build keeps of the one before: events already staged, days already worked out.

In `.work` a table of the materialization `parquet_by_day` is a folder `<table>.parquet` with a
folder per day, and `<table>.json` says what its days were made from: the query, the versions of
the days that it read, and, for `stg_events`, the event files. A table asks its parents, not the
build: whatever was killed, left out or run twice, a day whose parents have changed is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from longtail.events import find_files
from longtail.warehouse import link_or_copy, remove

BEGINNING = "0001-01-01"
"""As a first day: all days."""
STAGED = "stg_events"
READ = "stg_raw_events"
STAGING_VARS = (
    *("columns", "reject_when", "csv_options", "hash_user_ids"),
    *("earliest_event_at", "latest_event_at", "event_weights"),
)
"""Vars that decide what a row of a file becomes."""
STAGING_CODE = (
    *("models/staging/*.sql", "macros/event_rows.sql", "macros/keep_broken_lines.sql"),
    *("macros/parse_event_time.sql", "macros/text_list.sql", "longtail/events.py"),
)
"""Code that decides it."""
DAY_SHARE = 0.01
"""A day with a smaller share of the largest day's rows is not the newest one."""
UNFINISHED = ""
"""In place of a fingerprint: what it would vouch for was broken off, and is made or read anew."""
MANY_ROWS = 3_000_000
"""Rows that are worked on at once: days are taken together up to it."""


# ---- what is known of a table ------------------------------------------------------------------


def load_state(work: Path, table: str) -> dict[str, Any]:
    """Return what is known of a table's days; nothing when the table is not there."""
    recover(work, table)
    path = work / f"{table}.json"
    if not path.exists() or not (work / f"{table}.parquet").exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def save_state(work: Path, table: str, **changes: Any) -> None:
    """Change some entries of what is known of a table."""
    path = work / f"{table}.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(stored | changes, indent=1), encoding="utf-8")
    os.replace(partial, path)


# ---- days --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayPlan:
    """Which days of a table are to be made.

    Attributes
    ----------
    first_day
        The first of them, all later ones included; `BEGINNING` for all, None for none.
    moved_from
        The earlier of the old and the new moment up to which the table looks, when that moved.
    """

    first_day: str | None
    moved_from: str | None = None


def plan_days(
    work: Path, table: str, *, query: str, reads: Sequence[str], as_of: str = "", full: bool = False
) -> DayPlan:
    """Return which days of a table are no longer what its query would give.

    Parameters
    ----------
    work
        The folder of the tables in progress.
    table
        Name of the table.
    query
        Its SQL. Another text, or another DuckDB, makes all days anew.
    reads
        The tables by day that it reads.
    as_of
        A timestamp up to which it looks at its rows, if it does.
    full
        Make all days anew in any case.
    """
    state = load_state(work, table)
    if full or state.get("query") != _digest(query, duckdb.__version__):
        return DayPlan(BEGINNING)
    changed = []
    for parent in reads:
        now = {day: entry["version"] for day, entry in _days(work, parent).items()}
        then = state["read"].get(parent, {})
        changed += [day for day in now.keys() | then.keys() if now.get(day) != then.get(day)]
    moved_from = min(as_of, state["as_of"]) if as_of != state["as_of"] else None
    return DayPlan(min(changed, default=None), moved_from)


def batches_of_days(work: Path, parent: str, first_day: str) -> list[tuple[str, str]]:
    """Cut a table's days from `first_day` on into runs of up to `MANY_ROWS`; first and last day.

    A day with more is a run of its own; without any day there is one run, from the first day on.
    """
    runs: list[tuple[str, str]] = []
    rows = 0
    for day, entry in sorted(_days(work, parent).items()):
        if day < first_day:
            continue
        rows += entry["rows"]
        if runs and rows <= MANY_ROWS:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
            rows = entry["rows"]
    return runs or [(first_day, "9999-12-31")]


def rows_since(work: Path, table: str, first_day: str) -> int:
    """Count a table's rows from a day on."""
    return sum(entry["rows"] for day, entry in _days(work, table).items() if day >= first_day)


def new_part(work: Path, table: str, part: int, day: str = "") -> str:
    """Return the folder for one part of a table's new days; with the first part, forget others.

    Parameters
    ----------
    work, table
        As in `plan_days`.
    part
        Number of the part, from 0.
    day
        For a part of one day the name of its folder, which is made.
    """
    if part == 0:
        for leftover in work.glob(f"{table}.parquet.part*"):
            shutil.rmtree(leftover)
    folder = work / f"{table}.parquet.part{part}" / day
    if day:
        folder.mkdir(parents=True)
    return str(folder)


def collect_days(work: Path, table: str, *, first_day: str, day: str) -> bool:
    """Put the parts and the days that stay together beside the table.

    Parameters
    ----------
    work, table
        As in `plan_days`.
    first_day
        The first day that was made anew.
    day
        Name of the column of days.

    Returns
    -------
    bool
        Whether there is any row. If not there is a folder, of a day that no event has, for the
        file that shows the columns.
    """
    folder, fresh = work / f"{table}.parquet", work / f"{table}.parquet.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    if first_day > BEGINNING:
        for day_folder in folder.iterdir():
            if (fresh_day := _day_of(day_folder)) in _days(work, table) and fresh_day < first_day:
                link_or_copy(day_folder, fresh / day_folder.name)
    for part, part_folder in enumerate(sorted(work.glob(f"{table}.parquet.part*"))):
        for file in part_folder.rglob("*.parquet"):
            if pq.read_metadata(file).num_rows == 0:
                continue
            target = fresh / file.parent.name / f"{part}_{file.name}"
            target.parent.mkdir(exist_ok=True)
            os.replace(file, target)
        shutil.rmtree(part_folder)
    has_rows = any(fresh.iterdir())
    if not has_rows:
        (fresh / f"{day}=1970-01-01").mkdir()
    return has_rows


def replace_days(
    work: Path, table: str, *, first_day: str, query: str, reads: Sequence[str], as_of: str = ""
) -> None:
    """Make what `collect_days` put together the table, and note what it was made from."""
    folder = work / f"{table}.parquet"
    fresh, old = Path(f"{folder}.new"), Path(f"{folder}.old")
    kept = _days(work, table) if first_day > BEGINNING else {}
    days = {}
    for day_folder in fresh.iterdir():
        day = _day_of(day_folder)
        if day in kept and day < first_day:
            days[day] = kept[day]
        elif rows := sum(pq.read_metadata(file).num_rows for file in day_folder.iterdir()):
            days[day] = {"version": uuid.uuid4().hex, "rows": rows}
    remove(old)
    save_state(work, table, query=UNFINISHED)
    if folder.exists():
        os.rename(folder, old)
    os.rename(fresh, folder)
    note_days(work, table, query=query, reads=reads, as_of=as_of, days=days)
    remove(old)


def note_days(
    work: Path, table: str, *, query: str, reads: Sequence[str], as_of: str = "", **days: Any
) -> None:
    """Note what a table's days are made from: nothing older than the parents' present days."""
    save_state(
        work,
        table,
        query=_digest(query, duckdb.__version__),
        as_of=as_of,
        read={
            parent: {day: entry["version"] for day, entry in _days(work, parent).items()}
            for parent in reads
        },
        **days,
    )


def _days(work: Path, table: str) -> dict[str, dict[str, Any]]:
    return load_state(work, table).get("days", {})


def _day_of(folder: Path) -> str:
    return folder.name.partition("=")[2]


def recover(work: Path, table: str) -> None:
    """Finish an exchange of folders that was interrupted in its middle."""
    folder, old = work / f"{table}.parquet", work / f"{table}.parquet.old"
    if old.exists() and not folder.exists():
        os.rename(old, folder)


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=16).hexdigest()


# ---- event files -------------------------------------------------------------------------------


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
    return _digest(vars_of_staging, duckdb.__version__, *code)


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


def note_files_staged(work: Path) -> None:
    """Note that `stg_events` holds what `stg_raw_events` does."""
    read, staged = load_state(work, READ), load_state(work, STAGED)
    save_state(
        work,
        STAGED,
        files=({} if read["is_full"] else staged["files"] | read.get("unchanged", {}))
        | read["files"],
        rules=read["rules"],
        newest_day=_newest_day({day: entry["rows"] for day, entry in staged["days"].items()}),
        unfinished={},
    )


def _newest_day(rows: Mapping[str, int]) -> str:
    """Return the last day with at least `DAY_SHARE` of the rows of the largest.

    A few events of a fast clock do not make the days before theirs late.
    """
    enough = DAY_SHARE * max(rows.values())
    return max(day for day, count in rows.items() if count >= enough)


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
