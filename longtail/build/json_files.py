"""JSON event files: one object per line, an array of objects, or objects one after the other."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb

from longtail.build.file_rows import EventFile, first_line, read_json

MOST_KEYS = 500
"""An object with more keys is a map, not a record: it is kept as text."""


def json_layout(text: str) -> str | None:
    """Return how the text of a file's beginning is laid out as JSON, or None when it is not.

    One of "lines", "array" and "objects" (each object may span several lines).
    """
    start = text.lstrip()
    if start.startswith("["):
        inside = start[1:].lstrip()[:1]
        return "array" if inside in ("{", "]") else None
    if not start.startswith("{"):
        return None
    lines = [line for line in start.splitlines() if line.strip()][:50]
    objects = sum(map(_is_object, lines))
    if _is_object(lines[0]) or objects > len(lines) / 2:
        return "lines"
    return "objects" if start[1:].lstrip()[:1] in ('"', "}") else None


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def describe_json(file: EventFile) -> EventFile:
    """Return the file with the names and nested structure of its columns, over all rows.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    with duckdb.connect() as connection:
        try:
            found = connection.execute(
                f"""
                select distinct case
                    when json_valid(text) and json_type(text) = 'OBJECT' then regexp_replace(
                        cast(json_structure(text) as varchar),
                        '([:\\[])"(BOOLEAN|BIGINT|UBIGINT|HUGEINT|DOUBLE)"',
                        '\\1"VARCHAR"',
                        'g'
                    )
                end
                from {read_json(file)}
                """
            ).fetchall()
        except duckdb.Error as error:
            raise ValueError(
                f"{file.path!r} is damaged JSON (is it complete?): {first_line(error)[:100]}"
            ) from error
    if not found:
        return replace(file, has_rows=False)
    structures = [json.loads(text) for (text,) in sorted(found, key=str) if text]
    fields = functools.reduce(_merged, structures, {})
    if not isinstance(fields, Mapping) or not fields:
        raise ValueError(f"{file.path!r} holds no JSON objects with values: there are no columns")
    names: dict[str, str] = {}
    repeated = set()
    for name in fields:
        if name.lower() in names:
            repeated.add(name.lower())
        elif name:
            names[name.lower()] = name
    texts = {name: _as_texts(fields[name]) for name in names.values()}
    return replace(
        file,
        columns=tuple(names.values()),
        repeated=frozenset(repeated),
        structure=json.dumps(texts, ensure_ascii=False),
    )


def _as_texts(structure: Any) -> Any:
    """Return a structure with text as the type of each value but objects and lists."""
    if isinstance(structure, list) and structure:
        return [_as_texts(structure[0])]
    if isinstance(structure, Mapping) and 0 < len(structure) <= MOST_KEYS:
        names = {name.lower() for name in structure}
        if "" not in names and len(names) == len(structure):
            return {name: _as_texts(inside) for name, inside in structure.items()}
    return "VARCHAR"


def _merged(one: Any, other: Any) -> Any:
    """Merge two structures: text where one is an object or list and the other is not."""
    if one == other or other == "NULL":
        return one
    if one == "NULL":
        return other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {
            name: _merged(one.get(name, "NULL"), other.get(name, "NULL"))
            for name in {**one, **other}
        }
    if isinstance(one, list) and isinstance(other, list):
        return [_merged(one[0], other[0])]
    objects = [inside for inside in (one, other) if isinstance(inside, Mapping)]
    return objects[0] if objects and "JSON" in (one, other) else "VARCHAR"  # {} is "JSON"
