"""The closing lines of a build: what the published database holds."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

HEADLINE = """
    model = $served and task = 'next interaction' and segment = 'all' and metric = 'recall'
    and k = 20
"""
SERVING = "select if(ranker is null, model, 'ranker'), reason from internal.int_serving"
UNDECIDED = """
    select string_agg(gate, ', ' order by gate), message from release_gates
    where status = 'undecided' group by message order by message
"""
ROWS = """
    select
        events_kept + events_rejected as read, events_kept as kept, events_rejected as rejected,
        events_clean as clean, events_learned as learned, share_without_seconds, settings,
        catalogue_products, products_without_events, products_not_in_catalogue
    from build_info order by built_at desc limit 1
"""
WITHHELD = """
    select withheld_as, count(*) from product_availability where not is_shown
    group by withheld_as order by count(*) desc, withheld_as
"""
REMOVED = """
    select rule, events, users, events / sum(events) over () as share from cleaning_report
    qualify step != 'kept' and events > 0 and (step != 'rejected' or share >= 0.01)
    order by events desc, rule
"""


def served_model(settings: str | None) -> str:
    """Return the model whose lists a build publishes, like the macro of that name.

    Parameters
    ----------
    settings
        `settings` of the build's row in `build_info`: a JSON object of vars.

    Returns
    -------
    str
        Its name in `model_metrics`: "ranked" when the var `ranker` is on, else "hybrid".
    """
    ranker = json.loads(settings or "{}").get("ranker")
    return "hybrid" if ranker in (None, False, "", "off") else "ranked"


def summary(database: Path) -> list[str]:
    """Return a few lines on the content of a published database, and a query to try."""
    queries: dict[str, Any] = {
        "products": "select count(*) from products",
        "users": "select count(distinct user_id) from user_recommendations",
        "recommendations": "select count(*) from user_recommendations",
        "evaluated": f"select coalesce(max(users), 0) from model_metrics where {HEADLINE}",
        "recall": f"select max(value) from model_metrics where {HEADLINE}",
        # This user's list shows what the graph adds, and the id needs no shell quoting.
        "some_user": """
            select max_by(user_id, (source = 'graph', user_id)) from user_recommendations
            where regexp_full_match(user_id, '[A-Za-z0-9_.-]+')
        """,
    }
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.sql(ROWS).to_arrow_table().to_pylist()[0]
        served = served_model(rows["settings"])
        found = {
            name: connection.execute(
                sql, {"served": served} if "$served" in sql else None
            ).fetchall()[0][0]
            for name, sql in queries.items()
        }
        removed = connection.execute(REMOVED).fetchall()
        undecided = connection.execute(UNDECIDED).fetchall()
        withheld = connection.execute(WITHHELD).fetchall()
        by, why = connection.sql(SERVING).fetchall()[0] if served == "ranked" else (served, None)
        (rejected,) = connection.execute("select count(*) from rejected_products").fetchall()[0]
    inside = os.path.relpath(database)
    shown = str(database) if inside.startswith(os.pardir) else inside
    which = f"where user_id = '{found['some_user']}' order by rank" if found["some_user"] else ""
    evaluated = "nobody: no user did anything new after the cut, model_metrics is empty"
    if found["evaluated"]:
        evaluated = f"{found['evaluated']:,} users, recall@20 of the {by} {found['recall']:.3f}"
    return [
        f"Published {shown}",
        f"  events           {rows['read']:,} read: {rows['kept']:,} kept, "
        f"{rows['rejected']:,} rejected",
        f"  clean            {rows['clean']:,}, of which {rows['learned']:,} were learned from",
        *_what_was_removed(removed),
        *_what_the_clock_hides(rows["share_without_seconds"]),
        f"  products         {found['products']:,}",
        *_what_the_catalogue_has(rows, rejected),
        *_what_is_withheld(withheld),
        f"  users            {found['users']:,}",
        f"  recommendations  {found['recommendations']:,}",
        f"  evaluated        {evaluated}",
        *([f"  ranker           {why}"] if why else []),
        *(f"  undecided gates  {gates}: {message}" for gates, message in undecided),
        "Try, from Python or with the duckdb client:",
        f"  .venv/bin/python -c \"import duckdb; duckdb.connect('{shown}', read_only=True)"
        ".sql('from user_recommendations limit 20').show()\"",
        f'  duckdb -readonly {shlex.quote(shown)} "{f"from user_recommendations {which}".strip()}"',
    ]


def _what_was_removed(rules: Sequence[tuple[str, int, int | None, float]]) -> list[str]:
    """Say how many rows of how many users each rule removed."""
    lines = []
    for rule, events, users, share in rules:
        whose = f" of {users:,} user{'' if users == 1 else 's'}" if users is not None else ""
        rows = f"{events:,} row{'' if events == 1 else 's'}"
        lines.append(f"{rule}: {rows}{whose}, {share:.1%} of those read")
    heads = ["  removed          ", *["                   "] * len(lines)]
    return [head + line for head, line in zip(heads, lines, strict=False)]


def _what_the_clock_hides(share_without_seconds: float | None) -> list[str]:
    """Say what cannot be determined when times are dates or whole minutes."""
    if not share_without_seconds or share_without_seconds < 0.01:
        return []
    return [
        f"  clock            {share_without_seconds:.0%} of the events are on days whose times "
        "show no seconds: no stay is called short there, and the order within a moment is unknown "
        "(window: 0 makes pairs without order)"
    ]


def _what_the_catalogue_has(rows: Mapping[str, Any], rejected: int) -> list[str]:
    """Say how far the catalogue and the log match, if there is a catalogue."""
    if not (rows["catalogue_products"] or rejected):
        return []
    return [
        f"  catalogue        {rows['catalogue_products']:,} products, "
        f"{rows['products_without_events']:,} of them without events; "
        f"{rows['products_not_in_catalogue']:,} products of the log are not in it; "
        f"rows rejected: {rejected:,}"
    ]


def _what_is_withheld(withheld: Sequence[tuple[str, int]]) -> list[str]:
    """Say how many products may not be shown, by reason."""
    if not withheld:
        return []
    listed = ", ".join(f"{reason} {count:,}" for reason, count in withheld)
    return [f"  never shown      {sum(count for _, count in withheld):,} products: {listed}"]
