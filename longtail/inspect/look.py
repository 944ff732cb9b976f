"""Everything learned about the files of a pattern from the beginning of the first."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from longtail.build import settings
from longtail.build.event_files import find_files
from longtail.build.file_rows import identifier, rows_of
from longtail.build.query import queried, side_tables
from longtail.build.vars import load_preset
from longtail.inspect.profile import PROFILED_ROWS, Column, profile
from longtail.inspect.propose import MOST_TYPES, Proposal, propose
from longtail.inspect.sample import Sample, take_sample
from longtail.inspect.shapes import Shape, recognise
from longtail.inspect.staging import Staged, stage


@dataclass(frozen=True)
class Look:
    """What is in the files of a pattern.

    Attributes
    ----------
    paths, size
        The files and their bytes on disk.
    sample
        The beginning of the first.
    columns
        Its columns.
    shape
        The public log that they match, if any.
    proposal
        The vars that read them.
    staged
        The result of staging the sample with these vars; None when there is a `problem`.
    problem
        The error of a build with these vars, or "".
    """

    paths: tuple[str, ...]
    size: int
    sample: Sample
    columns: tuple[Column, ...]
    shape: Shape | None
    proposal: Proposal
    staged: Staged | None
    problem: str


def look_at(pattern: str, given: Mapping[str, Any] | None = None) -> Look:
    """Inspect event files.

    Parameters
    ----------
    pattern
        Path or glob.
    given
        Vars; what they set is not guessed.

    Raises
    ------
    ValueError
        If no file matches or the first cannot be read.
    """
    given = dict(given or {})
    paths = find_files(pattern)
    first = next((path for path in paths if os.path.getsize(path)), paths[0])
    with tempfile.TemporaryDirectory(prefix="longtail-") as folder, duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        sample = take_sample(first, given.get("csv_options", {}), Path(folder))
        if not sample.file.columns or not sample.file.has_rows:
            raise ValueError(f"{first!r} has no rows")
        connection.execute(
            f"create table sample as select * from ({rows_of(sample.file)}) limit {PROFILED_ROWS}"
        )
        columns = tuple(profile(connection, "sample", sample.file))
        shape = recognise(columns, sample.file.has_header or sample.file.format == "json")
        proposal = _proposal(connection, columns, shape, sample, given)
        staged, problem = _staged(sample, proposal, Path(folder) / "tables")
    size = sum(map(os.path.getsize, paths))
    return Look(tuple(paths), size, sample, columns, shape, proposal, staged, problem)


def _proposal(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[Column, ...],
    shape: Shape | None,
    sample: Sample,
    given: Mapping[str, Any],
) -> Proposal:
    """Return the vars given, those of a known shape, or those guessed from names and content."""
    if "columns" in given or "events_sql" in given:
        proposal = Proposal(dict(given))
    elif shape and shape.preset:
        proposal = Proposal({**load_preset(shape.preset), **given})
    else:
        types = {
            column.name: [
                value
                for (value,) in connection.execute(
                    f"select distinct cast({identifier(column.name)} as varchar) from sample "
                    f"where {identifier(column.name)} is not null order by 1"
                ).fetchall()
            ]
            for column in columns
            if column.kind == "text" and column.distinct <= MOST_TYPES
        }
        proposal = propose(columns, types)
        proposal.given |= given
    options = {**sample.csv_options, **proposal.given.get("csv_options", {})}
    if options:
        proposal.given["csv_options"] = options
    return proposal


def _staged(sample: Sample, proposal: Proposal, scratch: Path) -> tuple[Staged | None, str]:
    if proposal.missing:
        return None, f"no column was found for {' and '.join(proposal.missing)}"
    try:
        checked = settings.check(proposal.given, settings.load_defaults())
        file, header = sample.file, proposal.given.get("csv_options", {}).get("header")
        if isinstance(header, list):  # from a preset; the sample was taken without names
            file = replace(file, columns=tuple(header))
        files = [file]
        if checked["events_sql"]:
            tables = side_tables(
                checked["event_tables"], file.path, checked["csv_options"], scratch
            )
            files = queried(files, checked["events_sql"], tables)
        with duckdb.connect() as connection:  # its own: it records the lines that it cannot split
            return stage(connection, files, checked), ""
    except (ValueError, duckdb.Error) as error:
        return None, str(error).partition("\n")[0]
