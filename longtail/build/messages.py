"""Messages of a build about failures and remaining work: one line each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from longtail.build import settings
from longtail.build.warehouse import BuildState

SHOWN = 5
"""Most failures listed individually; dbt's own summary has them all."""
HINTS = {
    "GZIP": "an event file is truncated or damaged: fetch it again",
    "Out of Memory": "raise LONGTAIL_MEMORY_LIMIT or free memory",
    "No space left": "the disk is full: free space in the warehouse's folder",
}


def nothing_kept(rows: Sequence[tuple[str, int, str, str | None]]) -> str:
    """Say why no row of the event files can be used, in at most 300 characters and the file name.

    Parameters
    ----------
    rows
        Reason, rows, an example file and an example value, the most frequent reason first.
    """
    reasons: list[str] = []
    for reason, count, _, value in rows:
        example = f", such as {value[:30]!r}" if value else ""
        reasons.append(f"{reason} ({count:,}{example})")
    text = reasons[0][:150]
    for place, reason in enumerate(reasons[1:], 1):
        if len(text) + len(reason) > 180:
            text += f" and {len(reasons) - place} more reasons"
            break
        text += f", {reason}"
    return (
        f"every row was rejected: {text}; see `make inspect`, fix the file ({rows[0][2]}) or set "
        "columns, event_weights, reject_when"
    )


def mixed_settings(state: BuildState, nodes: Sequence[str]) -> str:
    """Say which vars differ between the builds of the tables, or ''."""
    made = {node: state.made_with[node] for node in nodes if node in state.made_with}
    names = settings.different(made.values())
    if not names:
        return ""
    tables: dict[str, list[str]] = {}
    for node, given in sorted(made.items()):
        tables.setdefault(repr(given.get(names[0])), []).append(node.split(".")[2])
    values = [f"{value} in {len(of)} tables such as {of[0]}" for value, of in tables.items()]
    return (
        f"Not published: the var '{names[0]}' is {' and '.join(values)}. Run `dbt build` for all "
        "tables, or build those parts again with the vars of the others."
    )


def waiting(pending: set[str]) -> str:
    """Say what has to run before tables can be published."""
    models = sorted(node.split(".")[2] for node in pending if node.startswith("model."))
    tests = len(pending) - len(models)
    if not models:
        return f"Not published yet: {tests} tests have not passed since. Run `dbt test`."
    listed = ", ".join(models[:SHOWN]) + (" ..." if len(models) > SHOWN else "")
    return (
        f"Not published yet: {len(models)} models that read what changed, or failed, have not "
        f"been built and tested since ({listed}). Run `dbt build`."
    )


def advice(outcome: Mapping[str, Any]) -> str:
    """Return one line about a failed node."""
    lines = [line.strip() for line in outcome["message"].splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    elif lines and lines[0].endswith(f"({outcome['path']})"):
        lines = lines[1:]  # dbt's "Runtime Error in model x (path)"
    text = " ".join(lines)
    kind = "test" if outcome["type"] in ("test", "unit_test") else "model"
    return f"Failed: {kind} {outcome['name']}: {hint(text) or text[:300]}"


def in_use(root: Path) -> str:
    """Say why a second build cannot start."""
    return (
        f"another dbt runs in {root}: wait until it has ended, "
        "or set LONGTAIL_WAREHOUSE (make: WAREHOUSE=) to another folder"
    )


def hint(text: str) -> str:
    """Return what to do about a machine error (disk, memory, rights), or ''."""
    return next((advice for sign, advice in HINTS.items() if sign in text), "")


def show_progress() -> None:
    """Print the package's progress lines in dbt's format."""
    logger = logging.getLogger("longtail")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
