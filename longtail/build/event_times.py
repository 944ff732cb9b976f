"""Day-first or month-first times in event files, decided over whole files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import duckdb

from longtail.build.file_rows import EventFile, rows_of, text_literal

SAMPLE_ROWS = 1000
"""Leading rows of a file that decide whether its times must be checked."""
FORM = (
    r"\s*(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})"
    r"(?:([ T]|, )(\d{1,2}:\d{2})(:\d{2})?( ?[AaPp][Mm])?)?\s*"
)
"""Day, separator, month or the other way round, year; separator, hour and minute, second, half."""


@dataclass(frozen=True)
class Times:
    """Times of one form in one file, with the largest value of each ambiguous number."""

    separator: str
    year: int
    between: str
    has_time: bool
    has_seconds: bool
    half: str
    largest_first: int
    largest_second: int
    example: str

    def format(self, is_day_first: bool) -> str:
        """Return the strptime format."""
        parts = ["%d", "%m"] if is_day_first else ["%m", "%d"]
        text = self.separator.join([*parts, "%Y" if self.year == 4 else "%y"])
        if self.has_time:
            hour = "%I" if self.half else "%H"
            text += f"{self.between}{hour}:%M{':%S' if self.has_seconds else ''}"
            text += {0: "", 2: "%p", 3: " %p"}[len(self.half)]
        return text


def as_iso(
    files: Iterable[EventFile],
    times: Mapping[str, str],
    say: Callable[[str], None],
    *,
    column: str = "event_time",
    var: str = "columns",
) -> dict[str, str]:
    """Return ISO expressions for the files whose times begin with the day or the month.

    Parameters
    ----------
    files
        Files of events.
    times
        Path of a file to the SQL expression of its times.
    say
        Called with a line for the user.
    column, var
        Name of the time column, and the var that maps it.

    Raises
    ------
    ValueError
        If the files do not show which comes first; the message has an example and the fix.
    """
    found: dict[str, list[Times]] = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for file in files:
            if file.path in times and file.has_rows:
                forms = _forms(connection, file, times[file.path])
                if forms:
                    found[file.path] = forms
    if not found:
        return {}
    path, forms = next(iter(found.items()))
    every = [form for of_file in found.values() for form in of_file]
    is_day_first = max(form.largest_first for form in every) > 12
    is_month_first = max(form.largest_second for form in every) > 12
    if is_day_first == is_month_first:
        which = "both forms are there" if is_day_first else "no day is above the 12th"
        raise ValueError(
            f"{column} such as {forms[0].example!r} in {path!r}: day or month first? {which}; "
            f"say it in the var {var}: {{{column}: \"strptime(..., '{forms[0].format(True)}')"
            "\"}, with the column's name for ..."
        )
    say(
        f"Times such as {forms[0].example!r} in {path!r} are read as "
        f"{'day' if is_day_first else 'month'} first."
    )
    formats = sorted({form.format(is_day_first) for form in every})
    listed = ", ".join(map(text_literal, formats))
    return {
        path: (
            f"coalesce(strftime(try_strptime(trim(cast({times[path]} as varchar)), [{listed}]), "
            f"'%Y-%m-%d %H:%M:%S'), cast({times[path]} as varchar))"
        )
        for path in found
    }


def _forms(connection: duckdb.DuckDBPyConnection, file: EventFile, time: str) -> list[Times]:
    """Return the forms of a file's times that begin with one or two digits."""
    values = f"select cast({time} as varchar) as value from ({rows_of(file)})"
    form = text_literal(FORM)
    sampled = connection.execute(
        f"select 1 from ({values} limit {SAMPLE_ROWS}) where regexp_full_match(value, {form})"
    ).fetchone()
    if not sampled:
        return []
    part = ", ".join(
        f"regexp_extract(value, {form}, {group}) as {name}"
        for group, name in enumerate(
            ("first", "separator", "second", "year", "between", "minute", "seconds", "half"), 1
        )
    )
    rows = connection.execute(
        f"""
        select
            separator, length(year), "between", minute != '', seconds != '',
            case length(half) when 0 then '' when 2 then 'am' else ' am' end as half,
            coalesce(max(cast(first as int)) filter (where cast(second as int) <= 12), 0),
            coalesce(max(cast(second as int)) filter (where cast(first as int) <= 12), 0),
            min(value)
        from (select {part.replace("as between", 'as "between"')}, value from ({values}))
        where separator != ''
        group by all
        order by count(*) desc, min(value)
        """
    ).fetchall()
    return [Times(*row) for row in rows]
