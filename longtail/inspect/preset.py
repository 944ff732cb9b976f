"""Write a proposal as a preset file, ready to edit, like those of datasets/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from longtail.inspect.propose import Proposal

ORDER = (
    *("csv_options", "events_sql", "event_tables", "columns", "reject_when"),
    *("event_weights", "click_event_types", "purchase_event_types"),
)
CATALOGUE = ("catalogue_csv_options", "catalogue_columns")


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
    given = proposal.given
    lines = [f"# {title}", "#", f"#   {command}", ""]
    lines += _vars(proposal, (*ORDER, *(name for name in given if name not in ORDER)))
    return "\n".join(lines).rstrip() + "\n"


def with_catalogue(text: str, proposal: Proposal) -> str:
    """Return the text of a preset with its catalogue vars replaced."""
    kept = re.sub(r"(?m)^catalogue_(?:columns|csv_options):.*\n(?:[ \t]+.*\n)*", "", text)
    lines = _vars(proposal, CATALOGUE)
    if proposal.missing and not proposal.given["catalogue_columns"]:
        lines.append("# catalogue_columns: {product_id: ?}   # needed: which column is it?")
    return "\n".join([kept.rstrip(), "", *lines]).rstrip() + "\n"


def _vars(proposal: Proposal, names: Iterable[str]) -> list[str]:
    lines = []
    given = proposal.given
    for name in names:
        if name not in given or given[name] == {}:
            continue
        value = given[name]
        if name in ("columns", "catalogue_columns"):
            lines += [f"{name}:", *_columns(value, proposal), ""]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return lines


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
