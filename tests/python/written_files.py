"""Contents of event files, as tests write them."""

import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
from dbt_shop import HEADER

LINE = "2024-01-01 10:00:00 UTC,view,p1,c1,a.b,br,1.50,u1,s1"
ROW = dict(zip(HEADER, LINE.split(","), strict=True))
SHORT = "broken line: missing columns"
LONG = "broken line: too many columns"
ENCODED = "broken line: invalid encoding"
UNQUOTED = "broken line: unquoted value"


def csv(*lines: str, header: str = ",".join(HEADER), end: str = "\n") -> bytes:
    """Return a csv file of a header and lines."""
    return end.join([header, *lines, ""]).encode()


def rows(count: int = 3, **changes) -> bytes:
    """Return a csv file of `count` rows that differ from `LINE` in `changes`."""
    return csv(*[",".join({**ROW, **changes}.values())] * count)


def parquet(length: int = 1, **columns) -> bytes:
    """Return a parquet file of rows like `LINE`, columns replaced, added or left out (None)."""
    table = {**{name: [value] * length for name, value in ROW.items()}, **columns}
    sink = io.BytesIO()
    pq.write_table(pa.table({k: v for k, v in table.items() if v is not None}), sink)
    return sink.getvalue()


def without(column: str) -> bytes:
    """Return a csv file of one row that lacks a column."""
    names = [name for name in HEADER if name != column]
    return csv(",".join(ROW[name] for name in names), header=",".join(names))


def lines(*rows: object) -> bytes:
    """Return one JSON text per line; a row that is bytes as it is."""
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
    )


def zipped(*files: tuple[str, bytes]) -> bytes:
    """Return a zip file."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return sink.getvalue()
