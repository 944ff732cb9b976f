"""Whole tables that a build keeps from the one before.

A table of the materialization `parquet` is rebuilt when its code or a table that it reads is
another than before. In `.work`, `made_of/<table>.json` says what its file was made of; it is
removed before the file is written and comes back after, so that a build which breaks off keeps
nothing half-known. Staleness is decided from the tables that are there, never from what an earlier
run believed it did.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
import re
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from longtail.build.days import UNFINISHED, digest, load_state
from longtail.build.settings import PROJECT

NOTES = "made_of"
IMPORTED = re.compile(
    r"^\s*(?:from|import) (longtail[\w.]*)(?: import (\([^)]*\)|.*))?", re.MULTILINE
)
"""A module of longtail, and what is taken of it."""
CHANGES_BY_ITSELF = re.compile(
    r"\bread_\w+\(|\bbroken_\w*lines\b"
    r"|\bcurrent_(date|time|timestamp)\b|\b(now|today|random|uuid)\(",
    re.IGNORECASE,
)
"""In the SQL of a model: files that are no table of the build (event files, published tables), the
broken lines that a hook notes, the clock and chance, whose change no code shows. A time or an id
that dbt writes into the SQL is code.
"""


def plan_table(
    work: Path, table: str, *, code: str, language: str, reads: Sequence[str], full: bool = False
) -> dict[str, Any]:
    """Return whether a table stays, and what it is made of; if it does not, forget its note.

    Parameters
    ----------
    work
        The folder of the tables in progress.
    table
        Name of the table.
    code
        The model as dbt compiled it, vars and ephemeral models included.
    language
        "sql" or "python".
    reads
        The tables that it reads.
    full
        Rebuild it, whatever it is made of.

    Returns
    -------
    dict
        is_kept, and made_of: a fingerprint.
    """
    if language == "python":
        code = digest(code, package_code(code))
    elif CHANGES_BY_ITSELF.search(code):
        full = True
    made_of = digest(code, duckdb.__version__, versions(work, reads))
    is_kept = not full and _note(work, table).get("made_of") == made_of
    if not is_kept:
        _path(work, table).unlink(missing_ok=True)
    return {"is_kept": is_kept, "made_of": made_of}


def note_table(work: Path, table: str, *, made_of: str, rows: str | None) -> None:
    """Note what a table was made of, once its file is there.

    Parameters
    ----------
    work, table
        As in `plan_table`.
    made_of
        What that returned.
    rows
        A digest of the rows in any order; None when they are too many to read them again. With it,
        a table that was rebuilt with the same rows makes none of its readers stale.
    """
    file = work / f"{table}.parquet"
    content = digest(rows, str(pq.read_schema(file))) if rows else uuid.uuid4().hex
    path = _path(work, table)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    note = {"made_of": made_of, "version": content, "file": _identity(file)}
    partial.write_text(json.dumps(note), encoding="utf-8")
    os.replace(partial, path)


def version(work: Path, table: str) -> str | None:
    """Return what changes with a table's rows; None when it is not known."""
    if not (work / f"{table}.parquet").is_dir():
        return _note(work, table).get("version")
    state = load_state(work, table)
    if state.get("query", UNFINISHED) == UNFINISHED:
        return None
    days = sorted(state["days"].items())
    return digest(state["query"], *(f"{day} {entry['version']}" for day, entry in days))


def versions(work: Path, tables: Sequence[str]) -> str:
    """Return a fingerprint of what `version` says of tables; a new one if it knows not all."""
    found = [version(work, table) for table in tables]
    return digest(*tables, *(name or uuid.uuid4().hex for name in found))


def package_code(code: str) -> str:
    """Return a fingerprint of what a Python model runs beside its own code.

    The modules of longtail that it imports, those that they import, the version of Python, and
    every package that is installed.
    """
    files: set[Path] = set()
    waiting = list(_imported(code))
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            waiting += _imported(file.read_text(encoding="utf-8"))
    texts = [file.read_text(encoding="utf-8") for file in sorted(files)]
    return digest(*texts, *_environment())


def _imported(code: str) -> Iterator[Path]:
    """Yield the files of longtail's modules that Python code imports.

    Not by `ast`: until Python 3.12 two threads that parse at once may both fail (CPython #106905).
    """
    names = set()
    for module, members in IMPORTED.findall(code):
        names |= {module, *(f"{module}.{member}" for member in re.findall(r"\w+", members))}
    for name in names:
        file = PROJECT.joinpath(*name.split(".")).with_suffix(".py")
        if file.exists():
            yield file


@functools.cache
def _environment() -> tuple[str, ...]:
    """Return the machine's kind, the version of Python, and the packages that are installed."""
    packages = {f"{found.name} {found.version}" for found in importlib.metadata.distributions()}
    return (platform.machine(), platform.python_version(), *sorted(packages))


def _path(work: Path, table: str) -> Path:
    return work / NOTES / f"{table}.json"


def _note(work: Path, table: str) -> dict[str, Any]:
    """Return what is noted of a table; nothing when its file is another than the noted one."""
    path, file = _path(work, table), work / f"{table}.parquet"
    if not path.exists() or not file.exists():
        return {}
    note = json.loads(path.read_text(encoding="utf-8"))
    return note if note["file"] == _identity(file) else {}


def _identity(file: Path) -> list[int]:
    """Return what an earlier version of longtail, which writes no notes, changes with a file."""
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]
