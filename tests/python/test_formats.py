"""Formats of event files beside the plain csv: what is kept, what is rejected, what is refused."""

import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HEADER

LINE = "2024-01-01 10:00:00 UTC,view,p1,c1,a.b,br,1.50,u1,s1"
ROW = dict(zip(HEADER, LINE.split(","), strict=True))


def csv(*lines: str, header: str = ",".join(HEADER), end: str = "\n") -> bytes:
    """Return a csv file of a header and lines."""
    return end.join([header, *lines, ""]).encode()


def parquet(rows: int = 1, **columns) -> bytes:
    """Return a parquet file of rows like `LINE`, some columns replaced or added."""
    table = {**{name: [value] * rows for name, value in ROW.items()}, **columns}
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink)
    return sink.getvalue()


@pytest.fixture
def put(tmp_path) -> Callable[[bytes], str]:
    """A function that writes a file and returns its path."""

    def write(content: bytes, name: str = "events") -> str:
        (tmp_path / name).write_bytes(content)
        return str(Path(tmp_path, name))

    return write


OWN = ("source_row", "source_row_", "broken_reason", "raw_line", "file_row_number", "line", "parts")
OWN += ("source_file", "reject_when_reason", "fields", "quoted_fields", "filename", "reject_reason")
KINDS = {
    "csv": csv(f"{LINE},{','.join(OWN)}", header=",".join((*HEADER, *OWN))),
    "csv, line by line": csv(f"{LINE},{','.join(OWN)}\r", header=",".join((*HEADER, *OWN))),
    "parquet": parquet(**{name: [name] for name in OWN}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OWN)
def test_a_file_may_have_columns_named_like_those_of_the_project(kind, name, put, staging):
    path = put(KINDS[kind])
    (row,) = staging(path, columns={"brand": name, "category_id": f"upper({name})"}).kept
    assert (row["brand"], row["category_id"]) == (name, name.upper())
    assert (row["source_file"], row["source_row"], row["reject_reason"]) == (path, 1, None)
    rejected = staging(path, reject_when={"mine": f"{name} = '{name}'"})
    assert rejected.reasons == ["mine"]
