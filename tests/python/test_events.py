"""Reading event files of any format without losing a row."""

import datetime
import gzip
import hashlib
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dbt_shop import HEADER
from staging_sql import described

from longtail.build import event_files, machine, query, scan, text_content
from longtail.build.settings import EVENT_COLUMNS

pytestmark = pytest.mark.slow

LINE = "2024-01-01 10:00:00 UTC,view,p1,c1,a.b,br,1.5,u1,s1"
ROW = tuple(LINE.split(","))


def csv_bytes(*lines: str, header: str = ",".join(HEADER), end: str = "\n") -> bytes:
    return end.join([header, *lines, ""]).encode()


@pytest.fixture
def put(tmp_path):
    """A function that writes a file and returns its path."""

    def write(content: bytes, name: str = "events.csv") -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


class Read:
    """DuckDB's result of the SQL for a pattern."""

    def __init__(self, pattern: str, csv_options=None, **mapped) -> None:
        files = described(pattern, csv_options, mapped)
        with duckdb.connect() as connection:
            connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
            sql = scan.scan_sql(files, **mapped)
            self.rows = connection.sql(f"{sql} order by all").to_arrow_table().to_pylist()
            broken = []
            if connection.execute("from duckdb_tables() where temporary").fetchall():
                broken = connection.execute(
                    "select distinct file_id, scan_id, line from reject_errors"
                ).fetchall()
            self.unsplit = len(broken)
        self.good = [row for row in self.rows if row["reject_when_reason"] is None]
        self.reasons = sorted(
            row["reject_when_reason"] for row in self.rows if row["reject_when_reason"]
        )

    @property
    def values(self) -> list[tuple]:
        return [tuple(row[name] for name in EVENT_COLUMNS) for row in self.good]

    def column(self, name: str) -> list:
        return [row[name] for row in self.good]


# ---- forms of csv ------------------------------------------------------------------------------

FORMS = {
    "plain": csv_bytes(LINE),
    "without a final newline": csv_bytes(LINE).rstrip(b"\n"),
    "byte order mark": b"\xef\xbb\xbf" + csv_bytes(LINE),
    "CR LF": csv_bytes(LINE, end="\r\n"),
    "CR": csv_bytes(LINE, end="\r"),
    "semicolons": csv_bytes(LINE).replace(b",", b";"),
    "tabs": csv_bytes(LINE).replace(b",", b"\t"),
    "bars": csv_bytes(LINE).replace(b",", b"|"),
    "gzip": gzip.compress(csv_bytes(LINE)),
    "gzip in two members": gzip.compress(csv_bytes()) + gzip.compress(LINE.encode() + b"\n"),
    "blank lines": csv_bytes("", LINE, "", ""),
    "quoted header": csv_bytes(LINE, header=",".join(f'"{name}"' for name in HEADER)),
    "header in capitals with spaces": csv_bytes(LINE, header=", ".join(HEADER).upper()),
    "extra columns": csv_bytes(f"{LINE},x,y", header=",".join([*HEADER, "extra", ""])),
    "repeated extra columns": csv_bytes(f"{LINE},x,y", header=",".join([*HEADER, "x", "X"])),
    "CR LF and LF mixed": csv_bytes(LINE).replace(b"\n", b"\r\n", 1),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_csv_is_read(form, put):
    read = Read(put(FORMS[form]))
    assert read.values == [ROW]
    assert read.unsplit == 0
    assert read.column("source_row") == [1]


@pytest.mark.parametrize(("encoding", "brand"), [("latin-1", "café"), ("utf-16", "кофе")])
def test_another_encoding_is_read_when_it_is_named(encoding, brand, put):
    path = put(csv_bytes(LINE.replace("br", brand)).decode().encode(encoding))
    assert Read(path, {"encoding": encoding}).column("brand") == [brand]


def test_quotes_keep_delimiters_newlines_and_quotes(put):
    read = Read(put(csv_bytes(LINE.replace("br", '"a, ""b""\nc"'), LINE)))
    assert sorted(read.column("brand")) == ['a, "b"\nc', "br"]
    assert read.unsplit == 0


def test_other_quotes_can_be_named(put):
    path = put(csv_bytes(LINE.replace("br", "'a,b'")))
    assert Read(path, {"quote": "'"}).column("brand") == ["a,b"]


def test_a_nul_byte_is_kept(put):
    assert Read(put(csv_bytes(LINE.replace("br", "b\0r")))).column("brand") == ["b\0r"]


# ---- broken lines ------------------------------------------------------------------------------

CUT = "2024-01-01 10:00:00 UTC,view,p1"


@pytest.mark.parametrize(
    "broken",
    {
        "cut off": [CUT],
        "too long": [LINE + ",x"],
        "text after a quote": [LINE.replace("br", '"b"r')],
        "spaces only": ["   "],
    }.values(),
)
def test_a_broken_line_costs_itself_only(broken, put):
    read = Read(put(csv_bytes(LINE, *broken, LINE)))
    assert read.values == [ROW, ROW]
    assert read.unsplit + len(read.reasons) == 1


def test_a_last_line_that_is_cut_off_is_no_row(put):
    read = Read(put(csv_bytes(LINE) + CUT.encode()))
    assert (read.values, read.unsplit) == ([ROW], 1)


def test_a_row_in_another_encoding_is_no_row(put):
    broken = LINE.replace("br", "café").encode("latin-1")
    read = Read(put(csv_bytes(LINE) + broken + b"\n" + LINE.encode()))
    assert (read.values, read.unsplit) == ([ROW, ROW], 1)


@pytest.mark.parametrize("after", [3, 40_000], ids=["in a small file", "in a large file"])
def test_a_quote_that_never_closes_costs_one_row(after, put):
    # DuckDB's own reader takes the following rows as part of the quoted text, and loses them.
    lines = [LINE] * 3 + [LINE.replace("br", '"br')] + [LINE] * after
    read = Read(put(csv_bytes(*lines)))
    assert len(read.good) == 3 + after
    assert read.unsplit == 0
    assert read.reasons == ["broken line: unquoted value"]
    assert [row["raw_line"] for row in read.rows if row["raw_line"]] == [lines[3]]
    assert {row["source_row"] for row in read.rows} == set(range(1, len(lines) + 1))


def test_line_by_line_gives_the_same_rows_and_reasons(put):
    quoted = LINE.replace("br", '"a, ""b"""')
    lines = [LINE, quoted, CUT, LINE + ",x", LINE.replace("br", ""), LINE.replace("br", '"b"r')]
    whole = Read(put(csv_bytes(*lines)))
    split = Read(put(csv_bytes(*lines).replace(b"\n", b"\r\n", 2), "mixed.csv"))
    assert (whole.unsplit, split.unsplit) == (3, 0)
    assert split.reasons == [
        "broken line: missing columns",
        "broken line: too many columns",
        "broken line: unquoted value",
    ]
    assert split.values == whole.values
    assert sorted(map(str, split.column("brand"))) == ["None", 'a, "b"', "br"]


def test_a_line_longer_than_duckdbs_buffer_is_refused(put):
    path = put(csv_bytes(LINE, LINE.replace("br", "b" * (text_content.LONGEST_LINE + 2_000_000))))
    with pytest.raises(ValueError, match="line of more than 16 MB"):
        described(path)


# ---- several files -----------------------------------------------------------------------------


def test_files_of_a_glob_may_differ_in_everything(put, tmp_path):
    put(csv_bytes(LINE), "1.csv")
    backwards = ",".join(reversed(HEADER))
    put(gzip.compress(csv_bytes(",".join(reversed(ROW)), header=backwards)), "2.csv.gz")
    put(csv_bytes(LINE).replace(b",", b";"), "3.csv")
    put(b"", "4.csv")
    put(csv_bytes(), "5.csv")
    table = pa.table({name: ["x"] for name in [*HEADER, "more"]})
    pq.write_table(table, tmp_path / "6.parquet")
    read = Read(str(tmp_path / "*"))
    assert read.values == [ROW, ROW, ROW, ("x",) * 9]
    files = sorted(path.rsplit("/")[-1] for path in read.column("source_file"))
    assert files == ["1.csv", "2.csv.gz", "3.csv", "6.parquet"]


def test_parquet_values_become_text(tmp_path):
    two_hours_east = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2024, 1, 1, 12, tzinfo=two_hours_east)
    table = pa.table(
        {
            "event_time": pa.array([moment], pa.timestamp("us", "Europe/Berlin")),
            "event_type": ["view"],
            "product_id": pa.array([12], pa.int64()),
            "category_id": pa.array([2**63], pa.uint64()),
            "category_code": pa.array([None], pa.string()),
            "brand": pa.array([None], pa.null()),
            "price": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
            "user_id": pa.array([-1], pa.int32()),
            "user_session": pa.array(["s"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    assert Read(str(tmp_path / "x.parquet")).values == [
        ("2024-01-01 10:00:00+00", "view", "12", str(2**63), None, None, "1.50", "-1", "s")
    ]


HOSTILE = [
    "it's.csv",
    'say "hi".csv',
    "a; drop table x; --.csv",
    "two\nlines.csv",
    "[1].csv",
    "st*r?.csv",
    "{{ log }}.csv",
    "back\\slash.csv",
    "日本 😀.csv",
    "$$.csv",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_name_stays_a_name(name, put):
    put(csv_bytes(LINE, LINE), "1.csv")
    put(csv_bytes(LINE, LINE), "stxr1.csv")
    path = put(csv_bytes(LINE), name)
    assert Read(path).column("source_file") == [path]
    put(csv_bytes('"', LINE), name)  # the same for files that are read line by line
    assert Read(path).column("source_file") == [path]


# ---- mapping -----------------------------------------------------------------------------------

OTHER = csv_bytes("1,Tea;x,7", header='id,it\'s a "name",n')
MAPPED = {
    **dict.fromkeys(EVENT_COLUMNS, "null"),
    "product_id": "ID",
    "brand": 'it\'s a "name"',
    "price": "n::int * 2 -- twice",
    "user_id": "'a'';b)' /* ) */",
}


def test_names_and_expressions_are_mapped(put):
    row = Read(put(OTHER), columns=MAPPED).rows[0]
    assert {row[name] for name in ("event_time", "event_type", "user_session")} == {None}
    assert (row["product_id"], row["brand"], row["price"], row["user_id"]) == (
        "1",
        "Tea;x",
        "14",
        "a';b)",
    )


def test_the_first_condition_that_holds_is_the_reason(put):
    reject_when = {'it\'s; "none"': "id = '1' -- one", "second": "n = '7'"}
    assert Read(put(OTHER), columns=MAPPED, reject_when=reject_when).reasons == ['it\'s; "none"']


@pytest.mark.parametrize(
    ("var", "sql"),
    [
        ("columns", "no_such_column"),
        ("columns", "1) as a, (2"),
        ("columns", "1; drop table x"),
        ("columns", "1) from t; select (1"),
        ("columns", "'open"),
        ("columns", "/* open"),
        ("columns", "-- nothing"),
        ("columns", "(1"),
        ("columns", "sum(n)over"),
        ("reject_when", "no_such_column = 1"),
        ("reject_when", "true) then 1 end, case when (true"),
        ("reject_when", "date '2024-01-01'"),
    ],
)
def test_an_error_in_an_expression_names_the_var(var, sql, put):
    mapped = {"columns": dict(MAPPED), "reject_when": {}}
    mapped[var]["brand"] = sql
    with pytest.raises(ValueError, match=f"^var '{var}', entry 'brand': ") as error:
        Read(put(OTHER), **mapped)
    assert "\n" not in str(error.value)


# ---- what is refused ---------------------------------------------------------------------------


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": range(1000)}), sink)
    return sink.getvalue().to_pybytes()


ZIPPED = gzip.compress(csv_bytes(*(f"{LINE}{n * n}" for n in range(1000))))
FLIPPED = ZIPPED[:500] + bytes([ZIPPED[500] ^ 255]) + ZIPPED[501:]

REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "empty gzip": (gzip.compress(b""), "is empty"),
    "header only": (csv_bytes(), "header but no rows"),
    "header only, gzip": (gzip.compress(csv_bytes()), "header but no rows"),
    "truncated gzip": (ZIPPED[:-20], "truncated or damaged gzip file: fetch it again"),
    "gzip without its checksum": (ZIPPED[:-8], "truncated or damaged gzip file"),
    "gzip with a flipped bit": (FLIPPED, "truncated or damaged gzip file"),
    "truncated parquet": (parquet_bytes()[:-10], "damaged parquet file"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a csv, JSON or parquet file"),
    "a spreadsheet": (b"PK\x03\x04\x14\0\x06\0", "truncated or damaged zip file"),
    "zeros": (bytes(5000), "is not a csv, JSON or parquet file"),
    "needed column missing": (b"time,product\n1,2\n", "whose columns are time, product; map it"),
    "needed column twice": (csv_bytes(LINE + ",2", header=",".join([*HEADER, "Price"])), "twice"),
    "text": (b"Dear Sir,\nhello\n", "'event_time' is missing from"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_unusable_file_is_refused_in_one_line(case, put):
    content, message = REFUSED[case]
    path = put(content)
    with pytest.raises(ValueError, match=r"events\.csv") as error:
        scan.scan_sql(described(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_no_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no file matches .*nothing"):
        event_files.find_files(str(tmp_path / "nothing*"))
    with pytest.raises(ValueError, match="is a folder"):
        event_files.find_files(str(tmp_path))


@pytest.mark.parametrize("address", ["s3://shop/*.csv", "gs://shop/a", "https://x.example/a.csv"])
def test_a_file_on_another_machine_is_refused_in_one_line(address, put):
    for read in (
        lambda: event_files.find_files(address),
        lambda: event_files.describe_list(address, "hidden"),
        lambda: query.side_tables({"orders": address}, put(csv_bytes(LINE)), {}),
        lambda: machine.warehouse_folder(address),
        lambda: machine.warehouse_folder(str(Path(address))),
    ):
        with pytest.raises(ValueError, match="is an address") as error:
            read()
        assert len(str(error.value)) <= 300
        assert "\n" not in str(error.value)


# ---- targets -----------------------------------------------------------------------------------


def targets(path: str, **options) -> list[tuple]:
    """Return the pairs that a build reads from a file of targets."""
    query = scan.targets_sql(event_files.describe_list(path), **options)
    with duckdb.connect() as connection:
        return connection.execute(f"{query} order by all").fetchall()


TARGETS = {
    "plain": b"user_id,product_id\n7,p\n",
    "with blanks": b"user_id,product_id\n 7 , p \n",
    "twice": b"user_id,product_id\n7,p\n7,p\n",
    "others beside": b"product_id;rank;User_ID\np;1;7\n",
    "gzip": gzip.compress(b"user_id,product_id\n7,p\n"),
    "line ends mixed": b"user_id,product_id\r\n7,p\n",
    "who is nobody": b"user_id,product_id\n7,p\nNULL,p\n,p\n7,none\n7,\n",
}


@pytest.mark.parametrize("form", TARGETS)
def test_ids_of_targets_are_treated_as_those_of_events(form, put):
    path = put(TARGETS[form])
    assert targets(path, null_texts=["NULL", "None"]) == [("7", "p")]
    salt = "a-salt-of-the-tests/1"
    hashed = hashlib.sha256(f"{salt}7".encode()).hexdigest()
    assert targets(path, user_salt=salt, null_texts=["NULL", "None"]) == [(hashed, "p")]


def test_ids_of_targets_are_texts(put):
    path = put(b"user_id,product_id\n007,1e3\n2024-01-01,1\n")
    assert targets(path) == [("007", "1e3"), ("2024-01-01", "1")]


def test_whole_numbers_of_any_type_are_ids_of_targets(tmp_path):
    path = tmp_path / "user_id=all" / "targets.parquet"
    path.parent.mkdir()
    doubles = {"user_id": pa.array([7.0, float("nan")]), "product_id": pa.array([1.0, 2.0])}
    pq.write_table(pa.table(doubles), path)
    assert targets(str(path)) == [("7", "1")]
    pq.write_table(pa.table({**doubles, "product_id": [1.5, 2.0]}), path)
    with pytest.raises(ValueError, match=r"column 'product_id' of .* 1\.5 is no whole number"):
        targets(str(path))


BAD_TARGETS = {
    "columns missing": (b"a,b\nu,p\n", "needs the columns user_id and product_id; it has a, b"),
    "empty": (b"", "needs the columns user_id and product_id; it has none"),
    "a broken line": (b"user_id,product_id\nu,p\nu\n", "cannot be split: line 3 MISSING COLUMNS"),
    "a broken line, ends mixed": (b"user_id,product_id\r\nu,p\nu\n", "broken line: missing col"),
    "truncated gzip": (gzip.compress(b"user_id,product_id\n")[:-3], "damaged gzip file"),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_targets_that_cannot_be_used_are_refused_in_one_line(case, put):
    content, message = BAD_TARGETS[case]
    with pytest.raises(ValueError, match=r"^var 'targets': ") as error:
        event_files.describe_list(put(content))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_of_targets_must_be_there():
    with pytest.raises(ValueError, match=r"var 'targets': there is no file 'nowhere\.csv'"):
        event_files.describe_list("nowhere.csv")


def test_the_end_of_the_rees46_head_is_cut_off(shared_data):
    read = Read(str(shared_data("rees46_2019_oct_head.csv.gz")))
    assert (len(read.good), read.unsplit) == (17_434, 1)
