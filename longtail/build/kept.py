"""Whole tables that a build reuses from the previous one.

A table of the materialization `parquet` is rebuilt when its code or a table that it reads has
changed. In `.work`, `made_of/<table>.json` records its inputs; it is removed before the file is
written and written again afterwards, so an interrupted build leaves no wrong record. Staleness is
decided from the tables that exist, never from what an earlier run believed it did.
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
from longtail.build.functions import MODULES
from longtail.build.settings import PROJECT

NOTES = "made_of"
IMPORTED = re.compile(
    r"^\s*(?:from|import) (longtail[\w.]*)(?: import (\([^)]*\)|.*))?", re.MULTILINE
)
"""An import of a longtail module, with the imported names."""
CHANGES_BY_ITSELF = re.compile(
    r"\bread_\w+\(|\bbroken_\w*lines\b"
    r"|\bcurrent_(date|time|timestamp)\b|\b(now|today|random|uuid)\(",
    re.IGNORECASE,
)
"""Inputs in a model's SQL that can change without a change of code: files other than the build's
tables (event files, published tables), the broken lines that a hook records, the clock and random
numbers. A time or an id that dbt writes into the SQL is code.
"""


def plan_table(
    work: Path, table: str, *, code: str, language: str, reads: Sequence[str], full: bool = False
) -> dict[str, Any]:
    """Return whether a table is reused, and its inputs; if it is not, remove its record.

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
        Rebuild it regardless of its inputs.

    Returns
    -------
    dict
        is_kept, and made_of: a fingerprint.
    """
    if language == "python":
        code = digest(code, package_code(code))
    else:
        full = full or bool(CHANGES_BY_ITSELF.search(code))
        for function, module in MODULES.items():
            if f"{function}(" in code:
                code = digest(code, package_code(f"import {module}"))
    made_of = digest(code, duckdb.__version__, versions(work, reads))
    is_kept = not full and _note(work, table).get("made_of") == made_of
    if not is_kept:
        _path(work, table).unlink(missing_ok=True)
    return {"is_kept": is_kept, "made_of": made_of}


def note_table(work: Path, table: str, *, made_of: str, rows: str | None) -> None:
    """Record a table's inputs, once its file exists.

    Parameters
    ----------
    work, table
        As in `plan_table`.
    made_of
        What that returned.
    rows
        An order-independent digest of the rows; None when there are too many to read again. With
        it, a table rebuilt with the same rows makes no reader stale.
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
    """Return a value that changes with a table's rows; None when it is unknown."""
    if not (work / f"{table}.parquet").is_dir():
        return _note(work, table).get("version")
    state = load_state(work, table)
    if state.get("query", UNFINISHED) == UNFINISHED:
        return None
    days = sorted(state["days"].items())
    return digest(state["query"], *(f"{day} {entry['version']}" for day, entry in days))


def versions(work: Path, tables: Sequence[str]) -> str:
    """Return a fingerprint of the tables' versions; a fresh one if any is unknown."""
    found = [version(work, table) for table in tables]
    return digest(*tables, *(name or uuid.uuid4().hex for name in found))


def package_code(code: str) -> str:
    """Return a fingerprint of what a Python model depends on besides its own code.

    The modules of longtail that it imports, those that they import, the version of Python, and
    every installed package.
    """
    texts = [file.read_text(encoding="utf-8") for file in sorted(imported_files(code))]
    return digest(*texts, *_environment())


def imported_files(code: str) -> set[Path]:
    """Return the files of longtail's modules that Python code imports, and those they import."""
    files: set[Path] = set()
    waiting = list(_imported(code))
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            waiting += _imported(file.read_text(encoding="utf-8"))
    return files


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
    """Return the machine type, the version of Python, and the installed packages."""
    packages = {f"{found.name} {found.version}" for found in importlib.metadata.distributions()}
    return (platform.machine(), platform.python_version(), *sorted(packages))


def _path(work: Path, table: str) -> Path:
    return work / NOTES / f"{table}.json"


def _note(work: Path, table: str) -> dict[str, Any]:
    """Return a table's record; empty when its file is not the recorded one."""
    path, file = _path(work, table), work / f"{table}.parquet"
    if not path.exists() or not file.exists():
        return {}
    note = json.loads(path.read_text(encoding="utf-8"))
    return note if note["file"] == _identity(file) else {}


def _identity(file: Path) -> list[int]:
    """Return a file's size and mtime, which also reveal a write by an older longtail."""
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]
