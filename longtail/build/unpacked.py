"""Event files in a form that DuckDB can read: others are unpacked or decoded first.

A zip file is unpacked, a workbook's sheet becomes csv, and text in another encoding becomes utf-8,
in a folder of the build. A byte that the encoding does not have stays a byte that utf-8 does not
have, so that its row is rejected.
"""

from __future__ import annotations

import codecs
import functools
import gzip
import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from longtail.build import workbooks

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks to encodings."""
CHUNK = 1 << 20
WINDOWS = {"iso8859-1": "cp1252", "latin-1": "cp1252"}
"""The encoding of files labelled latin-1, as in browsers: quotes and euro sign included."""


def _one_invalid_byte(error: UnicodeError) -> tuple[str, int]:
    """Replace bytes that cannot be decoded by a byte that is invalid in utf-8."""
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


def _control_character(error: UnicodeError) -> tuple[str, int]:
    """Decode the five bytes that cp1252 leaves undefined as latin-1."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("longtail.invalid", _one_invalid_byte)
codecs.register_error("longtail.control", _control_character)


@dataclass
class OpenFile:
    """One input file, unpacked if necessary.

    Attributes
    ----------
    path
        As the user wrote it.
    local
        The file that holds its rows: the same, or one in the scratch folder.
    head
        Its first 4 bytes.
    """

    path: str
    local: str
    scratch: Path = field(repr=False)
    head: bytes = b""

    @property
    def is_gzip(self) -> bool:
        """Whether the file that holds the rows is gzipped."""
        return self.head.startswith(GZIP_MAGIC)

    def chunks(self, encoding: str) -> Iterator[bytes]:
        """Yield the text as decompressed utf-8; then `local` and `head` are of that utf-8 text.

        Raises
        ------
        ValueError
            If the file is damaged or cannot be read.
        """
        try:
            with self._open() as file:
                first = file.read(CHUNK)
                given = next((name for mark, name in MARKS if first.startswith(mark)), encoding)
                if codecs.lookup(given).name == "utf-8":
                    yield from _rest(file, first)
                else:
                    yield from self._decoded(file, first, given)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(
                f"{self.path!r} is a truncated or damaged gzip file: fetch it again"
            ) from error
        except OSError as error:
            raise ValueError(f"cannot read {self.path!r}: {error.strerror}") from error

    def _open(self) -> BinaryIO:
        return gzip.open(self.local) if self.is_gzip else open(self.local, "rb")

    def _decoded(self, file: BinaryIO, first: bytes, encoding: str) -> Iterator[bytes]:
        name = codecs.lookup(encoding).name
        errors = "longtail.control" if name in WINDOWS else "longtail.invalid"
        decoder = codecs.getincrementaldecoder(WINDOWS.get(name, name))(errors)
        place = scratch_file(self.scratch, self.path, "utf-8")
        with open(place, "wb") as written:
            for chunk in _rest(file, first):
                text = decoder.decode(chunk).encode("utf-8", "surrogateescape")
                written.write(text)
                yield text
            text = decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")
            written.write(text)
        yield text
        self.local, self.head = str(place), b""


def _rest(file: BinaryIO, chunk: bytes) -> Iterator[bytes]:
    while chunk:
        yield chunk
        chunk = file.read(CHUNK)


def open_file(path: str, scratch: Path | None = None, sheet: str = "") -> OpenFile:
    """Return an input file; of a zip file, the one inside, unpacked.

    Parameters
    ----------
    path
        Of the file.
    scratch
        Folder for unpacked or decoded files; a temporary one when None.
    sheet
        Of a workbook; may be "" when it has one.

    Raises
    ------
    ValueError
        If it cannot be read, is a zip file that does not hold just one file, or a workbook as
        `workbooks.write_sheet` refuses it.
    """
    scratch = scratch or Path(_own_folder().name)
    try:
        file = OpenFile(path, path, scratch, _head(path))
        if file.head.startswith(ZIP_MAGIC):
            file.local = str(_unzip(path, scratch, sheet))
            file.head = _head(file.local)
    except OSError as error:
        raise ValueError(f"cannot read {path!r}: {error.strerror}") from error
    return file


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(4)


def _unzip(path: str, scratch: Path, sheet: str) -> Path:
    """Write out the one file in a zip file, or the sheet of a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [
                entry.filename
                for entry in archive.infolist()
                if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
            ]
            if workbooks.INSIDE in names:
                place = scratch_file(scratch, path, "sheet")
                workbooks.write_sheet(path, place, sheet)
                return place
            if len(names) != 1:
                raise ValueError(
                    f"{path!r} is a zip file of {len(names)} files: unpack it and name those with "
                    "the events (a zip file of just one is read as it is)"
                )
            place = scratch_file(scratch, path, "unzipped")
            with archive.open(names[0]) as file, open(place, "wb") as written:
                for chunk in _rest(file, file.read(CHUNK)):
                    written.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path!r} is a truncated or damaged zip file: fetch it again") from error
    except (RuntimeError, NotImplementedError) as error:
        raise ValueError(f"cannot unpack {path!r}: {error}") from error  # a password, a method
    return place


def scratch_file(scratch: Path, path: str, what: str) -> Path:
    """Return the path for a file's unpacked copy, the same for the same path."""
    scratch.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(os.path.abspath(path).encode(errors="surrogateescape")).hexdigest()
    return scratch / f"{name[:32]}.{what}"


@functools.cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="longtail-")


def encoding_of(options: Mapping[str, Any]) -> str:
    """Return the encoding that csv_options names."""
    return options.get("encoding", "utf-8")
