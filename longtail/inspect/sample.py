"""Samples: the beginnings of event files, and the csv_options that read them."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from longtail.build.csv_files import DELIMITERS, NoHeaderError
from longtail.build.event_files import PARQUET_MAGIC, describe
from longtail.build.file_rows import EventFile, text_literal
from longtail.build.json_files import json_layout
from longtail.build.unpacked import (
    GZIP_MAGIC,
    MARKS,
    ZIP_MAGIC,
    OpenFile,
    open_file,
    scratch_file,
)

SAMPLE_BYTES = 8 << 20
"""Of the text of a file, decompressed."""
SAMPLE_ROWS = 100_000
"""Of a parquet file."""
USUAL = set("éèêëàâäáãåçñóòôöõíìîïúùûüýÿœæßøšžÉÈÊÀÂÄÁÅÇÑÓÔÖÕÍÎÚÛÜŒÆØŠŽ")
MARKS_OF_TEXT = set("“”‘’–—€£©®™°…½¼¾×·•«»¿¡²³\u00a0")  # noqa: RUF001 (that they look like ASCII is the point)


@dataclass(frozen=True)
class Sample:
    """The beginning of one file.

    Attributes
    ----------
    file
        Its description; `local` is the sample.
    csv_options
        The options needed to read it this way.
    is_whole
        Whether it is the whole file.
    encoding
        Encoding of its text; "" for parquet.
    """

    file: EventFile
    csv_options: dict[str, Any] = field(default_factory=dict)
    is_whole: bool = True
    encoding: str = ""


def take_sample(path: str, given: Mapping[str, Any], scratch: Path) -> Sample:
    """Return the beginning of a file; csv_options that are not `given` are detected.

    Parameters
    ----------
    path
        Of the file.
    given
        The var csv_options.
    scratch
        Folder for the sample.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """
    head = _first_bytes(path)
    if head.startswith(PARQUET_MAGIC):
        return _parquet_sample(path, scratch)
    try:
        content, is_whole = _beginning(path, head, scratch, given.get("sheet", ""))
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise ValueError(f"{path!r} is truncated or damaged: fetch it again") from error
    if content.startswith((PARQUET_MAGIC, GZIP_MAGIC)):  # inside a zip file
        inside = open_file(path, scratch)
        return take_sample(inside.local, given, scratch)
    options = dict(given)
    mark = next((name for mark, name in MARKS if content.startswith(mark)), None)
    encoding = mark or options.get("encoding") or _encoding(content)
    if not mark and encoding != "utf-8":
        options["encoding"] = encoding
    if not is_whole:
        content = _whole_rows(content, encoding)
    place = scratch_file(scratch, path, "sample")
    place.write_bytes(content)
    text = content.decode(encoding, "replace").lstrip("\ufeff")
    if not json_layout(text):
        if "skip" not in options and (skip := _lines_before(text)):
            options["skip"] = skip
    opened = OpenFile(path, str(place), scratch, content[:4])
    try:
        file = describe(opened, options)
    except NoHeaderError:
        options["header"] = False
        file = describe(OpenFile(path, str(place), scratch, content[:4]), options)
    return Sample(file, options, is_whole, encoding)


def _first_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(4)
    except OSError as error:
        raise ValueError(f"cannot read {path!r}: {error.strerror}") from error


def _parquet_sample(path: str, scratch: Path) -> Sample:
    place = scratch_file(scratch, path, "sample")
    with duckdb.connect() as connection:
        try:
            source = f"read_parquet({text_literal(path)}, hive_partitioning = false)"
            ((rows,),) = connection.execute(f"select count(*) from {source}").fetchall()
            connection.execute(
                f"copy (select * from {source} limit {SAMPLE_ROWS}) "
                f"to {text_literal(str(place))} (format parquet)"
            )
        except duckdb.Error as error:
            raise ValueError(
                f"{path!r} is a damaged parquet file (is it complete?): fetch it again"
            ) from error
    opened = OpenFile(path, str(place), scratch, PARQUET_MAGIC)
    return Sample(describe(opened, {}), {}, rows <= SAMPLE_ROWS)


def _beginning(path: str, head: bytes, scratch: Path, sheet: str) -> tuple[bytes, bool]:
    """Return the first bytes of a file's content, decompressed, and whether that is all of it."""
    if head.startswith(GZIP_MAGIC):
        with gzip.open(path) as file:
            return _read(file)
    if head.startswith(ZIP_MAGIC):
        with zipfile.ZipFile(path) as archive:
            names = [
                entry.filename
                for entry in archive.infolist()
                if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
            ]
            if len(names) == 1:
                with archive.open(names[0]) as file:
                    return _read(file)
        path = open_file(path, scratch, sheet).local  # of a workbook, or it says what is wrong
    with open(path, "rb") as file:
        return _read(file)


def _read(file: BinaryIO) -> tuple[bytes, bool]:
    content = file.read(SAMPLE_BYTES + 1)
    return content[:SAMPLE_BYTES], len(content) <= SAMPLE_BYTES


def _encoding(content: bytes) -> str:
    """Return utf-8 if valid, else the likelier of a Windows and a Macintosh encoding."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(content)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    zeros = [content[place : 1 << 16 : 2].count(0) for place in (0, 1)]
    if max(zeros) > len(content[: 1 << 16]) // 8:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return max(("cp1252", "mac_roman"), key=lambda name: _likelihood(content, name))


def _likelihood(content: bytes, encoding: str) -> float:
    """Return how well the non-ASCII characters fit western text."""
    text = content.decode(encoding, "replace")
    score = 0.0
    for found in re.finditer("[^\x00-\x7f]", text):
        character, before = found[0], text[found.start() - 1 : found.start()]
        if character in MARKS_OF_TEXT:
            score += 0.5
        elif character in USUAL and not (character.isupper() and before.islower()):
            score += 1
        else:
            score -= 1
    return score


def _whole_rows(content: bytes, encoding: str) -> bytes:
    """Return the beginning of a file up to its last whole row, in its own encoding."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(content)
    layout = json_layout(text.lstrip("\ufeff"))
    if layout in ("array", "objects"):
        return _whole_objects(text).encode()
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[: end or len(text)].encode(encoding, "replace")


def _whole_objects(text: str) -> str:
    """Return the complete objects of truncated JSON, one per line."""
    decoder = json.JSONDecoder()
    place = text.find("{")
    found = []
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            break
        found.append(json.dumps(value))
        place = text.find("{", end)
    return "\n".join(found) + "\n"


def _lines_before(text: str) -> int:
    """Count the lines before the header: they have no delimiter, later lines have one."""
    lines = text[: 1 << 16].splitlines()[:40]
    for delimiter in DELIMITERS:
        counts = [line.count(delimiter) for line in lines]
        first = next((place for place, count in enumerate(counts) if count), 0)
        after = counts[first : first + 10]
        if 0 < first <= 20 and len(after) > 2 and min(after) == max(after) > 0:
            return first
    return 0
