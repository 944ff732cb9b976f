"""A proposal as a file of vars, to be edited: what datasets/ holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from longtail.inspect.propose import Proposal

ORDER = (
    *("csv_options", "events_sql", "event_tables", "columns", "reject_when"),
    *("event_weights", "click_event_types", "purchase_event_types"),
)


def preset_text(proposal: Proposal, title: str, command: str) -> str:
    """Return the text of a preset.

    Parameters
    ----------
    proposal
        Vars and comments.
    title
        What the files are.
    command
        The command that builds with it.
    """
    lines = [f"# {title}", "#", f"#   {command}", ""]
    given = proposal.given
    for name in (*ORDER, *(name for name in given if name not in ORDER)):
        if name not in given or given[name] == {}:
            continue
        value = given[name]
        if name == "columns":
            lines += ["columns:", *_columns(value, proposal), ""]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return "\n".join(lines).rstrip() + "\n"


def _columns(columns: Mapping[str, str], proposal: Proposal) -> list[str]:
    lines = []
    for canonical, source in columns.items():
        comment = proposal.comments.get(canonical)
        lines.append(f"  {canonical}: {_flow(source)}{f'   # {comment}' if comment else ''}")
    lines += [
        f"  # {canonical}: ?   # needed: name the column or give an SQL expression"
        for canonical in proposal.missing
    ]
    return lines or ["  {}"]


def _flow(value: Any) -> str:
    """Return a value on one line of YAML."""
    if isinstance(value, str):
        value = " ".join(value.split())
    if isinstance(value, str) and value.startswith("'") and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return (
        yaml.safe_dump(
            value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
        )
        .removesuffix("...\n")
        .strip()
    )
