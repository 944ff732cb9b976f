"""Kinds of product catalogues, each with the products kept, the rows rejected, or the error.

The SQL under test is the models' own, compiled by dbt once. Every raw row is kept or rejected.
"""

import datetime
import gzip
import hashlib
import io
import json
import zipfile
from collections import Counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longtail.build import catalogue_files, event_files

HEADER = "product_id,product_name,price,stock"
GOOD = "p1,Cup,1.50,3"


def csv(*lines: str, header: str = HEADER, end: str = "\n") -> bytes:
    """Return a csv file of a header and lines."""
    return end.join([header, *lines, ""]).encode()


def one(column: str, *values: str) -> bytes:
    """Return a csv file of a good row and one product for each value of a column."""
    return csv("good,", *(f"p{n},{v}" for n, v in enumerate(values)), header=f"product_id,{column}")


def parquet(**columns) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def zipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("products.csv", content)
    return sink.getvalue()


JSON_LINES = b'{"product_id": 1, "name": "Cup"}\nnot json\n[1]\n{"product_id": null}\n'

# What the file holds: rows kept, rows rejected by reason.
READ: dict[str, tuple[bytes, int, dict[str, int]]] = {
    "a good file": (csv(GOOD, "p2,Mug,,"), 2, {}),
    "ids alone": (csv("p1", "p2", header="product_id"), 2, {}),
    "semicolons, CR LF": (csv(GOOD, end="\r\n").replace(b",", b";"), 1, {}),
    "gzip": (gzip.compress(csv(GOOD)), 1, {}),
    "zip": (zipped(csv(GOOD)), 1, {}),
    "a name in another encoding": (
        csv(GOOD, "p2,Caf\xe9,1,1").decode().encode("latin-1"),
        1,
        {"broken line: invalid encoding": 1},
    ),
    "rows with too few and too many columns": (
        csv(GOOD, "p2,Mug", "p3,Mug,1,1,1,1"),
        1,
        {"broken line: missing columns": 1, "broken line: too many columns": 1},
    ),
    "a quote that never closes": (
        csv(GOOD, 'p2,"Mug,1,1', "p3,Jug,1,1"),
        2,
        {"broken line: unquoted value": 1},
    ),
    "JSON lines": (
        JSON_LINES,
        1,
        {
            "broken line: no JSON": 1,
            "broken line: no JSON object": 1,
            "missing product_id": 1,
        },
    ),
    "a JSON array": (json.dumps([{"id": "a", "title": "Cup"}, {"id": "b"}]).encode(), 2, {}),
    "parquet of whole numbers as floats": (
        parquet(product_id=[1.0, 2.0, None]),
        2,
        {
            "missing product_id": 1,
        },
    ),
    "no product": (csv(GOOD, ",Mug,1,1", " ,Mug,1,1"), 1, {"missing product_id": 2}),
    "a text for no product": (
        csv(GOOD, "NULL,Mug,1,1", "nan,Mug,1,1"),
        1,
        {
            "null text as product_id (null_texts)": 2,
        },
    ),
    "prices": (
        one("price", "0", "12.50 EUR", "7 usd", "NULL", "dear", "1,5 €", "inf", "-1", "1e3"),
        6,
        {"unreadable price": 2, "negative price": 1, "broken line: too many columns": 1},
    ),
    "availability": (
        one("is_available", "true", "No", "in_stock", "out of stock", "0", "maybe", "-1"),
        6,
        {"unreadable is_available": 2},
    ),
    "stock": (one("stock", "0", "-3", "2.5", "many", "nan"), 5, {"unreadable stock": 1}),
    "times": (
        one("available_from", "2024-01-31", "2024-02-30", "soon", "1700000000", "31.12."),
        3,
        {"unreadable available_from": 3},
    ),
    "an end before the beginning": (
        csv("p1,2024-01-02,2024-01-01", header="product_id,available_from,available_until"),
        0,
        {"available_until before available_from": 1},
    ),
    "a product three times, once unreadable": (
        csv(GOOD, "p1,Mug,2,1", "p1,Jug,dear,1", "p2,Jug,1,1"),
        2,
        {"product_id again in a later row": 1, "unreadable price": 1},
    ),
    "a header between the rows": (csv(GOOD, HEADER, "p2,Mug,1,1"), 2, {"unreadable price": 1}),
    "ids that break out of SQL": (csv('"a\'; drop table x; --",Cup,1,1', "{{ x }},Mug,1,1"), 2, {}),
    "an emoji, a NUL byte": (csv("😀,Cup,1,1", "p\0,Mug,1,1"), 2, {}),
}

# What the file holds; vars; the beginning of the error.
REFUSED: dict[str, tuple[bytes, dict, str]] = {
    "an empty file": (b"", {}, "var 'catalogue': there is no product in "),
    "a header alone": (csv(), {}, "var 'catalogue': there is no product in "),
    "no ids": (csv("Cup", header="label"), {}, "column 'product_id' is missing from "),
    "ids twice": (
        csv("1,2", header="product_id,product_id"),
        {},
        "column 'product_id' is twice in the header of ",
    ),
    "no header": (
        csv("17,Cup", "18,Mug", header="16,Jug"),
        {},
        "var 'catalogue': the first line of ",
    ),
    "half a gzip file": (gzip.compress(csv(*[GOOD] * 999))[:-9], {}, "var 'catalogue': "),
    "damaged parquet": (b"PAR1 and more", {}, "var 'catalogue': "),
    "ids with fractions": (parquet(product_id=[1.5]), {}, "column 'product_id' of "),
    "an expression over no column": (
        csv(GOOD),
        {"catalogue_columns": {"brand": "maker"}},
        "var 'catalogue_columns', entry 'brand': 'maker' is not an SQL expression over the ",
    ),
    "an expression that breaks out": (
        csv(GOOD),
        {"catalogue_columns": {"brand": "1) as x, (2"}},
        "var 'catalogue_columns', entry 'brand': give one SQL expression",
    ),
    "days or months": (
        one("available_from", "03-04-2024"),
        {},
        "available_from such as '03-04-2024' in ",
    ),
    "an encoding that it does not have": (
        b"\xff\xfe\x00",
        {},
        "var 'catalogue': ",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_rows_are_kept_or_rejected_with_a_reason(case, catalogue_of, tmp_path):
    content, kept, rejected = READ[case]
    path = tmp_path / "it's [1] products.csv"
    path.write_bytes(content)
    staged = catalogue_of(str(path))
    assert len(staged.kept) == kept
    assert Counter(staged.reasons) == Counter(rejected)
    ids = [row["product_id"] for row in staged.kept]
    assert len(set(ids)) == len(ids)
    assert all(row["raw_line"] or row["raw_values"] for row in staged.rejected)


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_catalogue_is_refused_in_one_short_line(case, catalogue_of, tmp_path):
    content, given, message = REFUSED[case]
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        catalogue_of(str(path), **given)
    text = str(caught.value).replace(str(tmp_path), "")
    assert text.startswith(message)
    assert len(text) <= 300
    assert "\n" not in text


def test_no_file_is_refused(catalogue_of, tmp_path):
    with pytest.raises(ValueError, match="var 'catalogue': no file matches"):
        catalogue_of(str(tmp_path / "products*.csv"))


def test_what_cannot_be_read_is_not_available_and_the_last_row_says_what_is(catalogue_of, tmp_path):
    path = tmp_path / "products.csv"
    header = "id,availability,stock,price,available_from,available_until"
    lines = {
        "by word": "in stock,0,,,",
        "by stock": ",2,,,",
        "sold out": ",0,,,",
        "says nothing": ",,,,",
        "unreadable": "maybe,5,,,",
        "no price": "no,5,dear,,",
        "days": ",,,2024-01-01,2024-02-01 12:00",
        "back": "no,,,,\nback,yes,,,,",
        "gone": "yes,,,,\ngone,no,,,,",
    }
    path.write_bytes(csv(*(f"{name},{line}" for name, line in lines.items()), header=header))
    found = {row["product_id"]: row for row in catalogue_of(str(path)).availability}
    assert {name: row["is_available"] for name, row in found.items()} == {
        "by word": True,
        "by stock": True,
        "sold out": False,
        "says nothing": True,
        "unreadable": False,
        "no price": False,
        "days": True,
        "back": True,
        "gone": False,
    }
    assert [name for name, row in found.items() if not row["is_readable"]] == ["unreadable"]
    assert found["days"]["available_from"] == datetime.datetime(2024, 1, 1)
    assert found["days"]["available_until"] == datetime.datetime(2024, 2, 1, 12)


PATHS = {
    "a.b.c": "a.b.c",
    "a > b > c": "a.b.c",
    "a>b": "a.b",
    "a/b/c": "a.b.c",
    "/a/b/": "a.b",
    "Home & Garden > No. 5 > Chairs": "Home & Garden.No  5.Chairs",
    "tv.audio/video": "tv.audio/video",
    " > ": None,
    "NULL": None,
    "plain": "plain",
}


def test_a_category_is_a_code_or_a_path(catalogue_of, tmp_path):
    path = tmp_path / "products.csv"
    path.write_bytes(csv(*(f'p{n},"{p}"' for n, p in enumerate(PATHS)), header="sku,category"))
    kept = catalogue_of(str(path)).kept
    assert {list(PATHS)[int(row["product_id"][1:])]: row["category_code"] for row in kept} == PATHS


def test_columns_are_mapped_by_name_and_expression(catalogue_of, tmp_path):
    """The mapping wins over a column of that name, which wins over its usual alias in feeds."""
    path = tmp_path / "products.csv"
    path.write_bytes(
        csv("a1,Cup,Tasse,12.50 eur,http://x", header="art,title,product_name,preis,link")
    )
    columns = {"product_id": "art", "price": "preis", "brand": "upper(left(title, 1))"}
    (row,) = catalogue_of(str(path), catalogue_columns=columns).kept
    assert (row["product_id"], row["product_name"], row["brand"]) == ("a1", "Tasse", "C")
    assert (row["price"], row["currency"], row["url"]) == (12.5, "EUR", "http://x")


def test_users_of_a_list_are_hashed_as_those_of_events(tmp_path):
    path = tmp_path / "hidden.csv"
    path.write_bytes(csv(" u1 ,p1", ",p2", "NULL,p2", "u1,", header="user_id,product_id"))
    file = event_files.describe_list(str(path), "hidden", ("product_id",))
    salt = "a-salt-of-the-tests/1"
    sql = catalogue_files.list_sql(file, user_salt=salt, null_texts=["null"])
    with duckdb.connect() as connection:
        found = connection.execute(f"{sql} order by all").fetchall()
    assert found == [(hashlib.sha256(f"{salt}u1".encode()).hexdigest(), "p1"), (None, "p2")]
