"""CTEs that a query reads more than once, which Spark would compute at each reference.

Spark inlines a CTE's plan at each reference, with the plans of the CTEs inside it: four CTEs that
each read the previous one three times become 81 plans. The macro `computed_once` marks the CTEs to
store first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MARK = "/* computed once */"
"""The marker that the macro `computed_once` writes into the query of a CTE."""
BEGINNING = re.compile(r"(?:\s|--[^\n]*\n)*with\s+(?!recursive\b)", re.IGNORECASE)
OWN = re.compile(r"(?:\s|--[^\n]*\n)*with\s", re.IGNORECASE)
NAME = re.compile(r"(?:\s|--[^\n]*\n)*(\w+)\s+as\s*\(", re.IGNORECASE)
TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|`[^`]*`|--[^\n]*|/\*.*?\*/|[()]", re.DOTALL)


class Cte(NamedTuple):
    """One CTE: its name and its query."""

    name: str
    query: str


def split(query: str) -> tuple[list[Cte], str]:
    """Return the CTEs at the top of a query in Spark's SQL, and what follows them.

    A query without CTEs, or with recursive ones, is returned whole.
    """
    ctes: list[Cte] = []
    beginning = BEGINNING.match(query)
    position = beginning.end() if beginning else 0
    while beginning and (name := NAME.match(query, position)):
        end = _closing(query, name.end())
        ctes.append(Cte(name[1], query[name.end() : end]))
        position = end + 1
        comma = re.compile(r"(?:\s|--[^\n]*\n)*,").match(query, position)
        if not comma:
            break
        position = comma.end()
    return ctes, query[position:]


def join(ctes: list[Cte], query: str) -> str:
    """Return a query with CTEs before it; in parentheses if it begins with its own."""
    if not ctes:
        return query
    if OWN.match(query):
        query = f"select * from (\n{query}\n)"
    listed = ",\n".join(f"{cte.name} as (\n{cte.query}\n)" for cte in ctes)
    return f"with {listed}\n{query}"


def _closing(query: str, position: int) -> int:
    """Return the position of the parenthesis that closes the one before `position`."""
    depth = 1
    for token in TOKEN.finditer(query, position):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return token.start()
    raise ValueError(f"a parenthesis is not closed: {query[position - 40 : position]}")
