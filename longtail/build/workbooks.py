"""Sheets of Excel workbooks as csv files, by python-calamine, which is optional."""

from __future__ import annotations

import csv
import datetime
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INSIDE = "[Content_Types].xml"
"""A member of the zip file of every Microsoft Office document."""


def is_workbook(path: str) -> bool:
    """Whether a file is a Microsoft Office document; of these only workbooks can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return INSIDE in archive.namelist()
    except zipfile.BadZipFile:
        return False


def write_sheet(path: str, place: Path, sheet: str = "") -> None:
    """Write the rows of a workbook as csv: utf-8, commas, times as ISO.

    Parameters
    ----------
    path
        Of the workbook (.xlsx).
    place
        Of the csv file.
    sheet
        Name of the sheet; "" if all sheets with rows have the same first row: they are
        concatenated.

    Raises
    ------
    ValueError
        If python-calamine is not installed, the workbook is damaged or of another kind, has no such
        sheet, or has several that differ.
    """
    try:
        import python_calamine
    except ModuleNotFoundError:
        raise ValueError(
            f"{path!r} is an Excel workbook: save it as csv, or install its reader with "
            ".venv/bin/pip install python-calamine"
        ) from None
    with open(path, "rb") as file:
        try:
            workbook = python_calamine.CalamineWorkbook.from_filelike(file)
            names = workbook.sheet_names
            if sheet and sheet not in names:
                raise ValueError(f"{path!r} has no sheet {sheet!r}: it has {_shown(names)}")
            sheets = {
                name: workbook.get_sheet_by_name(name) for name in ([sheet] if sheet else names)
            }
            filled = {name: found for name, found in sheets.items() if found.total_height}
            heads = {name: next(_rows(found), []) for name, found in filled.items()}
            if len(set(map(tuple, heads.values()))) > 1:
                raise ValueError(
                    f"{path!r} has several sheets ({_shown(filled)}): "
                    "name one with the var csv_options: {sheet: its name}"
                )
            with open(place, "w", encoding="utf-8", newline="") as written:
                writer = csv.writer(written, lineterminator="\n")
                for number, found in enumerate(filled.values()):
                    writer.writerows(itertools.islice(_rows(found), min(number, 1), None))
        except (python_calamine.CalamineError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path!r} cannot be read as an Excel workbook: {error}") from error


def _shown(names: Any) -> str:
    """Return the first names of some sheets."""
    names = list(names)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(name[:31] for name in names[:5]) + more


def _rows(sheet: Any) -> Iterator[list[str]]:
    """Yield the non-empty rows of a sheet, as texts."""
    for row in sheet.iter_rows():
        texts = [_text(value) for value in row]
        if any(texts):
            yield texts


def _text(value: Any) -> str:
    """Return a cell as text; whole numbers, which sheets store as floats, without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return str(value)
