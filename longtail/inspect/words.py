"""The inspection report for a terminal, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable

from longtail.build.workbooks import is_workbook
from longtail.inspect.catalogue import CatalogueLook
from longtail.inspect.look import Look
from longtail.inspect.propose import Proposal
from longtail.inspect.staging import Rejected

MOST_COLUMNS = 40
WIDTH = 34


def words_of(look: Look) -> list[str]:
    """Return the lines of a report."""
    known = []
    if look.shape:
        preset = f" (DATASET={look.shape.preset})" if look.shape.preset else ""
        known.append(f"  This looks like {look.shape.title}{preset}.")
    return [
        *_file(look),
        *known,
        "",
        *_columns(look),
        "",
        *_mapping(look.proposal, "columns"),
        *_rows(look),
    ]


def words_of_catalogue(look: CatalogueLook, event_products: int = 0) -> list[str]:
    """Return the lines of a report; `event_products` are those of the events' sample."""
    return [
        *_file(look),
        "",
        *_columns(look),
        "",
        *_mapping(look.proposal, "catalogue_columns"),
        *_products(look, event_products),
    ]


def _file(look: Look | CatalogueLook) -> Iterable[str]:
    file = look.sample.file
    yield f"{look.paths[0]}{f' and {len(look.paths) - 1:,} more' if len(look.paths) > 1 else ''}"
    size = f"{look.size / 1e6:,.1f} MB on disk"
    what = {"csv": "csv", "parquet": "parquet", "json": f"JSON, {file.layout}"}[file.format]
    parts = [what, size]
    if is_workbook(file.path):
        parts = ["Excel workbook", size, "a header" if file.has_header else "no header"]
    elif file.format == "csv":
        shown = {"\t": "tab", "\x01": "control-A"}.get(file.delimiter, file.delimiter)
        parts += [
            f"delimiter {shown}",
            "a header" if file.has_header else "no header",
            *([f"{file.skip} lines before it"] if file.skip else []),
        ]
    if look.sample.encoding and not is_workbook(file.path):
        parts.append(f"encoding {look.sample.encoding}")
    yield f"  {', '.join(parts)}"
    if not look.sample.is_whole:
        yield "  The figures below are those of its beginning."


def _columns(look: Look | CatalogueLook) -> Iterable[str]:
    yield f"  {'column':<{WIDTH}} {'holds':<26} {'filled':>6} {'values':>8}  such as"
    for column in look.columns[:MOST_COLUMNS]:
        examples = ", ".join(example[:24].replace("\n", " ") for example in column.examples)
        yield (
            f"  {column.name[:WIDTH]:<{WIDTH}} {column.kind:<26} {column.filled:>6.0%} "
            f"{column.distinct:>8,}  {examples}"
        )
    if len(look.columns) > MOST_COLUMNS:
        yield f"  ... and {len(look.columns) - MOST_COLUMNS:,} more"


def _mapping(proposal: Proposal, var: str) -> Iterable[str]:
    for canonical, source in proposal.given.get(var, {}).items():
        comment = proposal.comments.get(canonical)
        why = f"   ({comment})" if comment else ""
        yield f"  {canonical:<16} <- {' '.join(source.split())}{why}"
    for canonical in proposal.missing:
        yield f"  {canonical:<16} <- ?   (needed: which column is it?)"
    yield ""


def _rows(look: Look) -> Iterable[str]:
    staged = look.staged
    if staged is None:
        yield f"  These vars read no row: {look.problem}"
        return
    rows = staged.kept + sum(found.rows for found in staged.rejected)
    yield from _counts(staged.kept, staged.rejected, staged.notes)
    if not staged.kept:
        return
    yield f"  times            {staged.first_at} to {staged.last_at}, clock of {staged.clock}"
    each = staged.sessions / staged.users
    yield f"  users, products  {staged.users:,}, {staged.products:,}; {each:.1f} sessions per user"
    types = ", ".join(f"{name} {count:,}" for name, count in list(staged.types.items())[:12])
    yield f"  event types      {types}"
    taken = ", ".join(f"{rule.rule} {rule.rows / rows:.1%}" for rule in staged.cleaned)
    yield f"  cleaning removes {taken or 'nothing'}"


def _counts(kept: int, rejected: Iterable[Rejected], notes: Iterable[str]) -> Iterable[str]:
    bad = sum(found.rows for found in rejected)
    yield f"  rows             {kept + bad:,}: {kept:,} kept, {bad:,} rejected"
    for found in rejected:
        example = f", such as {found.example!r}" if found.example else ""
        yield f"    {found.rows:>9,}  {found.reason}{example}"
    for note in notes:
        yield f"  {note}"


def _products(look: CatalogueLook, event_products: int) -> Iterable[str]:
    staged = look.staged
    if staged is None:
        yield f"  These vars read no row: {look.problem}"
        return
    yield from _counts(staged.kept, staged.rejected, staged.notes)
    if not staged.kept:
        return
    filled = ", ".join(f"{name} {n / staged.kept:.0%}" for name, n in staged.filled.items())
    yield f"  filled           {filled or 'nothing but product_id'}"
    yield f"  not available    {staged.unavailable:,}"
    if staged.shared is not None:
        yield f"  in the events    {staged.shared:,} of the {event_products:,} products seen there"
