"""The code that determines what becomes of a row of an event file."""

from __future__ import annotations

import re
from pathlib import Path

from longtail.build.kept import imported_files

MODELS = ("stg_raw_events", "rejected_events", "stg_events")
PYTHON = "from longtail.build import query, scan"
"""What reads the files for these models."""
NOT_CODE = ("settings", "rules", "machine")
"""Modules that those import without effect on rows: the vars' values count, not their ranges."""
MACRO = re.compile(r"{%-? macro (\w+)")
CALL = re.compile(r"\w+(?=\()")


def staging_code(project: Path) -> list[Path]:
    """Return the files of the code that stages rows, in a fixed order.

    The models, the macros that they call, and those that these call; the modules that read event
    files, and those that they import.

    Parameters
    ----------
    project
        The folder of dbt_project.yml.
    """
    macros = {
        name: path
        for path in (project / "macros").rglob("*.sql")
        for name in MACRO.findall(path.read_text(encoding="utf-8"))
    }
    sql = {project / "models" / "staging" / f"{model}.sql" for model in MODELS}
    waiting = list(sql)
    while waiting:
        calls = CALL.findall(waiting.pop().read_text(encoding="utf-8"))
        called = {macros[name] for name in calls if name in macros} - sql
        sql |= called
        waiting += called
    python = {path for path in imported_files(PYTHON) if path.stem not in NOT_CODE}
    return [*sorted(sql), *sorted(python)]
