"""Formats of event files other than plain csv: rows kept and rejected, files refused."""

import gzip
import io
import json
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dbt_shop import HEADER
from staging_sql import described
from written_files import ENCODED, LINE, LONG, ROW, SHORT, csv, lines, parquet, zipped

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


# ---- formats: the same rows, whatever holds them -------------------------------------------------


CAFE = {**ROW, "brand": "café"}
CAFE_CSV = csv(",".join(CAFE.values())).decode()
NO_HEADER = csv(LINE, LINE, header=LINE)
UTF16 = CAFE_CSV.encode("utf-16")
BROKEN_JSON = lines(ROW, b'{"event_time": "2024', 5, [ROW], ROW, b"", b"{}", None)
NO_JSON, NO_OBJECT = "broken line: no JSON", "broken line: no JSON object"

# Content, csv_options, rows kept, rows rejected by reason.
READ: dict[str, tuple[bytes, dict, int, dict[str, int]]] = {
    # -- csv without a header
    "no header, its names given": (NO_HEADER, {"header": HEADER}, 3, {}),
    "no header, gzip": (gzip.compress(NO_HEADER), {"header": HEADER}, 3, {}),
    "no header, line by line": (
        NO_HEADER.replace(b"\n", b"\r\n", 1),
        {"header": HEADER},
        3,
        {},
    ),
    "no header, broken rows": (
        csv("x,y", LINE + ",z", LINE, header=LINE),
        {"header": HEADER},
        2,
        {SHORT: 1, LONG: 1},
    ),
    "no header, one row without a newline": (LINE.encode(), {"header": HEADER}, 1, {}),
    "no header, a byte order mark": (b"\xef\xbb\xbf" + NO_HEADER, {"header": HEADER}, 3, {}),
    "a header that is said to be one": (csv(LINE), {"header": True}, 1, {}),
    "extra columns with years as names": (
        csv(f"{LINE},1,2", header=",".join((*HEADER, "2019", "2020"))),
        {},
        1,
        {},
    ),
    # -- lines to skip
    "two lines before the header": (b"Sales report\n\n" + csv(LINE), {"skip": 2}, 1, {}),
    "two lines before rows without header": (
        b"Sales, report\nof 2024\n" + NO_HEADER,
        {"skip": 2, "header": HEADER},
        3,
        {},
    ),
    "lines to skip, line by line": (
        b"Sales report\r\n" + csv(LINE, LINE),
        {"skip": 1},
        2,
        {},
    ),
    # -- delimiters
    "two colons": (csv(LINE).replace(b",", b"::"), {}, 1, {}),
    "control-A, as Hive writes it": (csv(LINE).replace(b",", b"\x01"), {}, 1, {}),
    "a tilde that is named": (csv(LINE).replace(b",", b"~"), {"delim": "~"}, 1, {}),
    "a blank that is named": (
        csv(LINE.replace(" ", "T", 1).replace(" UTC", "Z")).replace(b",", b" "),
        {"delim": " "},
        1,
        {},
    ),
    "bars inside the values of a file with commas": (
        csv(LINE.replace("br", "a|b|c|d|e|f|g|h|i|j|k"), header=LINE.replace("br", "|" * 12)),
        {"header": HEADER},
        2,
        {},
    ),
    # -- JSON
    "JSON lines": (lines(ROW, ROW), {}, 2, {}),
    "JSON lines, gzip": (gzip.compress(lines(ROW, ROW)), {}, 2, {}),
    "JSON lines, CR LF": (lines(ROW, ROW).replace(b"\n", b"\r\n"), {}, 2, {}),
    "JSON lines, a byte order mark": (b"\xef\xbb\xbf" + lines(ROW, ROW), {}, 2, {}),
    "JSON lines, no newline at the end": (lines(ROW, ROW).rstrip(), {}, 2, {}),
    "JSON lines, blank lines": (lines(ROW, b"", b"  ", ROW), {}, 2, {}),
    "JSON lines, keys in another order": (
        lines(ROW, dict(reversed(ROW.items()))),
        {},
        2,
        {},
    ),
    "JSON lines, some broken": (
        BROKEN_JSON,
        {},
        2,
        {NO_JSON: 1, NO_OBJECT: 3, "missing product_id": 1},
    ),
    "JSON lines, some broken, gzip": (
        gzip.compress(BROKEN_JSON),
        {},
        2,
        {NO_JSON: 1, NO_OBJECT: 3, "missing product_id": 1},
    ),
    "JSON lines, the last cut off": (lines(ROW, ROW)[:-9], {}, 1, {NO_JSON: 1}),
    "JSON lines, the first broken": (lines(b"{", ROW, ROW), {}, 2, {NO_JSON: 1}),
    "JSON lines, one in latin-1": (
        lines(ROW, json.dumps(CAFE, ensure_ascii=False).encode("latin-1"), ROW),
        {},
        2,
        {ENCODED: 1},
    ),
    "JSON lines, numbers and nulls": (
        lines({**ROW, "user_id": 2**63, "price": 1.5, "brand": None}, {**ROW, "price": "x"}),
        {},
        1,
        {"unreadable price": 1},
    ),
    "JSON lines, objects where texts are elsewhere": (
        lines(ROW, {**ROW, "brand": {"name": "br"}}, {**ROW, "user_id": {}}),
        {},
        3,
        {},
    ),
    "JSON lines, keys that are odd": (
        lines({**ROW, "": 1, 'say "hi"': 2, "it's; --": 3, "a.b": {"": 1, "x": {}}}),
        {},
        1,
        {},
    ),
    "JSON lines, UTF-16": (lines(ROW, ROW).decode().encode("utf-16"), {}, 2, {}),
    "a JSON array": (json.dumps([ROW, ROW, ROW]).encode(), {}, 3, {}),
    "a JSON array, indented": (json.dumps([ROW, ROW], indent=2).encode(), {}, 2, {}),
    "a JSON array, gzip": (gzip.compress(json.dumps([ROW, ROW]).encode()), {}, 2, {}),
    "a JSON array, a byte order mark": (b"\xef\xbb\xbf" + json.dumps([ROW]).encode(), {}, 1, {}),
    "a JSON array with more than objects": (
        json.dumps([ROW, 5, None, [], "x"]).encode(),
        {},
        1,
        {NO_OBJECT: 4},
    ),
    "JSON objects over several lines": (
        "\n".join(json.dumps(ROW, indent=1) for _ in range(3)).encode(),
        {},
        3,
        {},
    ),
    "one JSON object": (json.dumps(ROW).encode(), {}, 1, {}),
    # -- zip
    "zip of a csv": (zipped(("a.csv", csv(LINE, LINE))), {}, 2, {}),
    "zip of a csv, its lines broken": (
        zipped(("a.csv", csv(LINE, "x,y", LINE))),
        {},
        2,
        {SHORT: 1},
    ),
    "zip of JSON lines in a folder": (zipped(("logs/a.json", lines(ROW, ROW))), {}, 2, {}),
    "zip of a parquet file": (zipped(("a", parquet(3))), {}, 3, {}),
    "zip of a gzip file": (zipped(("a.csv.gz", gzip.compress(csv(LINE)))), {}, 1, {}),
    "zip from a Mac": (zipped(("a.csv", csv(LINE)), ("__MACOSX/._a.csv", b"\0")), {}, 1, {}),
    "zip of cp1252": (
        zipped(("a.csv", CAFE_CSV.encode("cp1252"))),
        {"encoding": "cp1252"},
        1,
        {},
    ),
    # -- encodings
    "utf-16 by its mark": (UTF16, {}, 1, {}),
    "utf-16, big end first": (b"\xfe\xff" + CAFE_CSV.encode("utf-16-be"), {}, 1, {}),
    "utf-32 by its mark": (CAFE_CSV.encode("utf-32"), {}, 1, {}),
    "utf-16, gzip": (gzip.compress(UTF16), {}, 1, {}),
    "utf-16, cut in the middle of a character": (UTF16[:-1], {}, 0, {ENCODED: 1}),
    "utf-16, half a surrogate pair": (
        CAFE_CSV.encode("utf-16-le").replace("é".encode("utf-16-le"), b"\0\xd8"),
        {"encoding": "utf-16-le"},
        0,
        {ENCODED: 1},
    ),
    "cp1251 with a byte that it does not have": (
        csv(LINE).replace(b",br,", b",\xe0\x98,"),
        {"encoding": "cp1251"},
        0,
        {ENCODED: 1},
    ),
    "latin-1 with all bytes": (
        csv(LINE).replace(b",br,", b",%s," % bytes(range(0x80, 0x100))),
        {"encoding": "latin-1"},
        1,
        {},
    ),
    "shift_jis": (
        csv(LINE).replace(b",br,", ",日本,".encode("shift_jis")),
        {"encoding": "sjis"},
        1,
        {},
    ),
    "cp1252, line by line": (
        CAFE_CSV.encode("cp1252").replace(b"\n", b"\r\n", 1),
        {"encoding": "cp1252"},
        1,
        {},
    ),
}


@pytest.mark.parametrize("case", READ)
def test_every_row_is_kept_or_rejected_with_its_reason(case, put, staging):
    content, options, kept, rejected = READ[case]
    path = put(content)
    staged = staging(path, csv_options=options)
    assert (len(staged.kept), Counter(staged.reasons)) == (kept, rejected)
    rows = [*staged.kept, *staged.rejected]
    assert {row["source_file"] for row in [*rows, *staged.broken_lines]} == {path}
    assert len({row["source_row"] for row in rows}) == len(rows)
    assert {row["product_id"] for row in staged.kept} <= {"p1"}


ENCODINGS = {
    "cp1252": "€ “curly” café",
    "latin-1": "€ “curly” café",  # as Windows writes it
    "iso-8859-1": "café",
    "iso-8859-15": "€ café",
    "mac_roman": "café ƒ ∞ €",
    "utf-16": "кофе 😀",
    "utf-8-sig": "кофе",
    "cp1251": "кофе",
    "gb18030": "咖啡",
    "shift_jis": "コーヒー",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_in_another_encoding_comes_through(encoding, put, staging):
    brand = ENCODINGS[encoding]
    content = csv(LINE.replace("br", brand)).decode()
    path = put(content.encode("cp1252" if encoding == "latin-1" else encoding))
    (row,) = staging(path, csv_options={"encoding": encoding}).kept
    assert row["brand"] == brand


def test_a_broken_line_of_an_unpacked_file_is_that_of_the_file_itself(put, staging):
    path = put(zipped(("a.csv", csv(LINE, "x,y"))), "it's.zip")
    (line,) = staging(path).broken_lines
    assert (line["source_file"], line["line_number"], line["raw_text"]) == (path, 3, "x,y")


def test_a_line_that_is_no_json_is_shown_unless_it_may_hold_a_user(put, staging):
    path = put(lines(ROW, b"{broken"))
    assert [row["raw_line"] for row in staging(path).rejected] == ["{broken"]
    (hidden,) = staging(path, user_salt="a-salt-of-the-tests/1").rejected
    assert hidden["raw_line"].startswith("withheld")


NESTED = {
    "customer": {"id": 7, "Name": "x"},
    "at": "2024-01-01 10:00:00",
    "items": [{"sku": "p1", "price": {"amount": 1.5}}],
    "what": {"type": "view"},
}
NESTED_COLUMNS = {
    "user_id": "customer.id",
    "event_time": "at",
    "product_id": "items[1].sku",
    "price": "items[1].price.amount",
    "event_type": "what.type",
    **dict.fromkeys(("category_id", "category_code", "brand", "user_session"), "null"),
}


def test_nested_values_are_mapped_by_expression(put, staging):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([NESTED]), sink)
    for content in (lines(NESTED), json.dumps([NESTED]).encode(), sink.getvalue()):
        (row,) = staging(put(content), columns=NESTED_COLUMNS).kept
        assert (row["user_id"], row["product_id"], row["price"]) == ("7", "p1", 1.5)


def test_a_csv_without_header_has_numbered_columns(put, staging):
    columns = {name: f"column{place}" for place, name in enumerate(HEADER, 1)}
    kept = staging(put(NO_HEADER), csv_options={"header": False}, columns=columns).kept
    assert [row["user_session"] for row in kept] == ["s1"] * 3


def test_the_same_rows_are_the_same_file_zipped_or_not(put):
    contents = (csv(LINE), gzip.compress(csv(LINE)), zipped(("x", csv(LINE))))
    assert len({described(put(content))[0].digest for content in contents}) == 1


REFUSED: dict[str, tuple[bytes, dict, str]] = {
    "a row as header": (
        b"1,2024-01-19 00:00:00,83,category_3\n",
        {},
        "the first line of .* looks like a row, not a header, such as '1': set csv_options to",
    ),
    "a date as header": (b"a,2024-01-19\n", {}, "not a header, such as '2024-01-19'"),
    "more names than values": (
        NO_HEADER,
        {"header": [*HEADER, "more"]},
        r"names 10 columns as header, but the first row of .* has 9 values \(2024-01-01 10:00",
    ),
    "fewer names than values": (NO_HEADER, {"header": ["a", "b"]}, "names 2 columns as header"),
    "everything skipped": (csv(LINE), {"skip": 9}, "is empty: it has neither"),
    "a damaged JSON array": (json.dumps([ROW] * 3).encode()[:-9], {}, "is damaged JSON"),
    "JSON arrays, line by line": (lines([ROW], [ROW]), {}, "is damaged JSON"),
    "an empty JSON array": (b"[]", {}, "is empty: it has neither"),
    "JSON without values": (b"{}\n{}\n", {}, "holds no JSON objects with values"),
    "JSON lines, a key in two spellings": (
        lines({**ROW, "BRAND": "x"}),
        {},
        "column 'brand' is twice in the header",
    ),
    "JSON of many columns": (
        lines({f"a rather long name {number}": 1 for number in range(900)}),
        {},
        r"column 'event_time' is missing from .*\(900\); map it",
    ),
    "truncated zip": (zipped(("a.csv", csv(LINE)))[:-30], {}, "truncated or damaged zip file"),
    "zip with a flipped bit": (
        (whole := zipped(("a.csv", csv(*[LINE] * 99))))[:60] + b"\xff\xff" + whole[62:],
        {},
        "truncated or damaged zip file",
    ),
    "zip of two files": (
        zipped(("a.csv", csv(LINE)), ("b.csv", csv(LINE))),
        {},
        "is a zip file of 2 files: unpack it",
    ),
    "an empty zip": (zipped(), {}, "is a zip file of 0 files"),
    "zip of an empty file": (zipped(("a.csv", b"")), {}, "is empty"),
    "an Excel workbook": (
        zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")),
        {},
        "Excel workbook",
    ),
    "zip of a zip": (zipped(("a.zip", zipped(("a", b"x")))), {}, "is not a csv, JSON or parquet"),
    "utf-16 without a mark": (
        CAFE_CSV.encode("utf-16-le"),
        {},
        r"text that is not utf-8 needs the var csv_options: {encoding: cp1252} or another",
    ),
    "a header in no encoding": (
        csv(LINE, header="émail,b").decode().encode("latin-1"),
        {},
        "text that is not utf-8 needs",
    ),
    "a quote that does not close, two colons": (
        csv(LINE, LINE.replace("br", '"br')).replace(b",", b"::"),
        {},
        "write it with a delimiter of one character",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_said_in_one_short_line(case, put, staging):
    content, options, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as error:
        staging(put(content), csv_options=options)
    text = str(error.value)
    assert "\n" not in text
    assert len(text.replace(put(content), "events.csv")) <= 300
