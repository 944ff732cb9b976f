"""Ninety kinds of input, each with the rows kept, the rows rejected by reason, or the error.

The SQL under test is the models' own: `stg_raw_events`, compiled by dbt once, and the hook that
keeps the lines that could not be split. Every raw row is kept or rejected, in every case.
"""

import datetime
import decimal
import gzip
import math
from collections import Counter

import pyarrow as pa
import pytest
from dbt_shop import HEADER
from written_files import ENCODED, LINE, LONG, ROW, SHORT, UNQUOTED, csv, parquet, rows, without

from longtail.build.settings import REQUIRED_EVENT_COLUMNS

TIMES_OUT = "event_time out of range"
TIMES_BAD = "unreadable event_time"
PRICES_BAD = "unreadable price"
NO_PRODUCT = "null text as product_id (null_texts)"
NO_USER = "null text as user_id (null_texts)"


def mix(good: int, column: str, *bad: str) -> bytes:
    """Return a csv file of good rows and, between them, one row per bad value of a column."""
    half = [LINE] * (good // 2)
    return csv(*half, *(",".join({**ROW, column: value}.values()) for value in bad), *half)


def hub(count: int) -> bytes:
    """Return sessions that all hold one product."""
    lines = [
        LINE.replace("p1", "hub" if step % 2 else f"p{step}").replace("s1", f"s{step // 2}")
        for step in range(count)
    ]
    return csv(*lines)


def in_order(*names: str) -> bytes:
    return csv(",".join(ROW[name] for name in names), header=",".join(names))


UTC = datetime.UTC
NOON = datetime.datetime(2024, 1, 1, 12, tzinfo=UTC)
NO = None
NAN = math.nan

# What the files hold: {name: bytes}, or bytes for one file; rows kept; rows rejected by reason.
READ: dict[str, tuple[bytes | dict[str, bytes], int, dict[str, int]]] = {
    # -- encodings
    "utf-8 with a byte order mark": (b"\xef\xbb\xbf" + rows(), 3, {}),
    "byte order mark, quoted header": (
        b"\xef\xbb\xbf" + csv(LINE, header=",".join(f'"{name}"' for name in HEADER)),
        1,
        {},
    ),
    "latin-1 rows in a utf-8 file": (
        csv(LINE, LINE.replace("br", "caf\xe9"), LINE).decode().encode("latin-1"),
        2,
        {ENCODED: 1},
    ),
    "a NUL byte in a text": (rows(brand="b\0r"), 3, {}),
    "a NUL byte as id": (mix(2, "product_id", "\0"), 3, {}),
    "emoji, right to left, combining letters": (rows(product_id="😀عربىé"), 3, {}),
    # -- line ends
    "CR LF": (csv(LINE, LINE, end="\r\n"), 2, {}),
    "CR": (csv(LINE, LINE, end="\r"), 2, {}),
    "CR LF, LF and CR mixed": (
        csv(LINE, LINE) + f"{LINE}\r\n{LINE}\r\n".encode() + f"{LINE}\r{LINE}\n".encode(),
        6,
        {},
    ),
    "no newline at the end": (csv(LINE, LINE).rstrip(), 2, {}),
    "blank lines between rows": (csv(LINE, "", "", LINE, ""), 2, {}),
    "lines of blanks and delimiters only": (
        csv(LINE, "   ", ",,,,,,,,"),
        1,
        {
            SHORT: 1,
            "missing product_id": 1,
        },
    ),
    # -- quotes
    "newlines inside quotes": (rows(brand='"two\nlines"'), 3, {}),
    "CR LF inside quotes": (csv(*[LINE.replace("br", '"two\r\nlines"')] * 2, end="\r\n"), 2, {}),
    "delimiters and doubled quotes inside quotes": (rows(brand='"a, ""b"""'), 3, {}),
    "a quote that never closes": (csv(LINE, LINE.replace("br", '"br'), LINE), 2, {UNQUOTED: 1}),
    "text after a closing quote": (csv(LINE, LINE.replace("br", '"b"r'), LINE), 2, {UNQUOTED: 1}),
    "a quote inside a text": (rows(brand='5" screen'), 3, {}),
    # -- delimiters
    "semicolons": (rows().replace(b",", b";"), 3, {}),
    "tabs": (rows().replace(b",", b"\t"), 3, {}),
    "bars": (rows().replace(b",", b"|"), 3, {}),
    "semicolons in some rows only": (csv(LINE, LINE.replace(",", ";")), 1, {SHORT: 1}),
    # -- columns
    "columns in another order": (in_order(*reversed(HEADER)), 1, {}),
    "extra columns": (csv(f"{LINE},x,y", header=",".join([*HEADER, "extra", "more"])), 1, {}),
    "an extra column twice": (csv(f"{LINE},x,y", header=",".join([*HEADER, "x", "x"])), 1, {}),
    "header in capitals and blanks": (csv(LINE, header=" , ".join(HEADER).upper()), 1, {}),
    "rows with too few columns": (csv(LINE, "2024-01-01 10:00:00 UTC,view", LINE), 2, {SHORT: 1}),
    "rows with too many columns": (csv(LINE, LINE + ",x,y", LINE), 2, {LONG: 1}),
    "a header between the rows": (csv(LINE, ",".join(HEADER), LINE), 2, {TIMES_BAD: 1}),
    # -- several files
    "mixed schemas in one glob": (
        {
            "1.csv": rows(),
            "2.csv": in_order(*reversed(HEADER)).replace(b",", b";"),
            "3.csv.gz": gzip.compress(rows(2)),
            "4.parquet": parquet(4, product_id=pa.array([1, 2, 3, 4])),
        },
        10,
        {},
    ),
    "empty files among good ones": (
        {"1.csv": b"", "2.csv": rows(), "3.csv": csv(), "4.csv.gz": gzip.compress(b"")}
        | {"5.parquet": parquet(0)},
        3,
        {},
    ),
    "csv by content, parquet by name": ({"1.parquet": rows(), "2.csv": parquet(2)}, 5, {}),
    # -- parquet
    "parquet: whole numbers as ids": (
        parquet(2, product_id=pa.array([1, 2**63 - 1]), user_id=pa.array([-1, 0], pa.int16())),
        2,
        {},
    ),
    "parquet: huge unsigned ids": (parquet(1, user_id=pa.array([2**64 - 1], pa.uint64())), 1, {}),
    "parquet: doubles as ids": (
        parquet(3, product_id=pa.array([1.0, 2.0**53 - 1, -0.0]), user_id=pa.array([7.0, NAN, NO])),
        1,
        {"missing user_id": 2},
    ),
    "parquet: infinities in a column that is no id": (
        parquet(1, brand=pa.array([math.inf]), category_code=pa.array([0.5])),
        1,
        {},
    ),
    "parquet: timestamps with a zone": (
        parquet(2, event_time=pa.array([NOON, NO], pa.timestamp("us", "Asia/Tokyo"))),
        1,
        {"missing event_time": 1},
    ),
    "parquet: timestamps without a zone": (
        parquet(1, event_time=pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ns"))),
        1,
        {},
    ),
    "parquet: dates as times": (
        parquet(1, event_time=pa.array([NOON.date()], pa.date32())),
        1,
        {},
    ),
    "parquet: seconds since 1970 as times": (
        parquet(1, event_time=pa.array([1_704_067_200])),
        1,
        {},
    ),
    "parquet: decimals as prices": (
        parquet(2, price=pa.array([decimal.Decimal("1.50"), decimal.Decimal("-1.50")])),
        1,
        {"negative price": 1},
    ),
    "parquet: NaN and infinities as prices": (
        parquet(4, price=pa.array([math.nan, math.inf, -math.inf, 1.5])),
        2,
        {PRICES_BAD: 2},
    ),
    "parquet: dictionary-encoded texts": (
        parquet(2, event_type=pa.array(["view", "dance"]).dictionary_encode()),
        1,
        {"unknown event_type": 1},
    ),
    "parquet: nested columns": (
        parquet(
            1,
            brand=pa.array([{"name": "br", "tags": ["a", "b"]}]),
            category_code=pa.array([["a", "b"]]),
        ),
        1,
        {},
    ),
    "parquet: bytes for texts": (parquet(1, product_id=pa.array([b"p1"])), 1, {}),
    "parquet: a column of nulls only": (
        parquet(2, user_id=pa.nulls(2)),
        0,
        {"missing user_id": 2},
    ),
    # -- times
    "times in other forms": (
        csv(
            *(
                LINE.replace("2024-01-01 10:00:00 UTC", time)
                for time in (
                    "2024-01-01",
                    "2024-01-01T10:00:00Z",
                    "2024-01-01 10:00:00.123456",
                    "2024-01-01T12:00:00+02:00",
                    "2024-01-01 12:00:00 +0200",
                    " 2024-01-01 10:00:00 ",
                    "2024-01-01 10:00",
                )
            )
        ),
        7,
        {},
    ),
    "times that are none": (
        mix(2, "event_time", "20240102", "202401021200", "Jan 5 2024", "2024-02-30", "never"),
        2,
        {TIMES_BAD: 5},
    ),
    "times far away": (
        mix(2, "event_time", "0001-01-01 00:00:00", "1970-01-01", "9999-12-31", "290000-01-01"),
        2,
        {TIMES_OUT: 4},
    ),
    "infinite times": (mix(2, "event_time", "infinity", "-infinity", "epoch"), 2, {TIMES_OUT: 3}),
    # -- values
    "prices as text": (
        mix(2, "price", "$1.50", '"1,50"', "1.50 EUR", "free", "1e400"),
        2,
        {PRICES_BAD: 5},
    ),
    "prices NaN and infinity": (mix(2, "price", "nan", "inf", "-Infinity"), 3, {PRICES_BAD: 2}),
    "prices that are a null's text": (
        mix(2, "price", "NULL", r"\N", " none ", "-"),
        5,
        {PRICES_BAD: 1},
    ),
    "prices that are odd but numbers": (mix(2, "price", "", " ", "0", "1e5", " 2.5 ", "+3"), 8, {}),
    "negative prices": (mix(2, "price", "-0.01", "-1e300"), 2, {"negative price": 2}),
    "missing ids": (
        csv(LINE.replace("p1", ""), LINE.replace("u1", "  "), LINE.replace("s1", "")),
        1,
        {"missing product_id": 1, "missing user_id": 1},
    ),
    "texts that stand for no user": (
        mix(2, "user_id", "NULL", r"\N", "nan", "None", "undefined", " null ", "<NA>", "nul"),
        3,
        {NO_USER: 7},
    ),
    "texts that stand for no product": (
        mix(2, "product_id", "null", "NaN", "n/a", "#N/A", "(null)", "none!", "0"),
        4,
        {NO_PRODUCT: 5},
    ),
    "unknown and odd event types": (
        mix(2, "event_type", "dance", "", "VIEW", " view ", "view;", "'view'"),
        4,
        {"unknown event_type": 3, "missing event_type": 1},
    ),
    "huge ids": (rows(product_id="9" * 100_000, user_id="u" * 100_000), 3, {}),
    "ids that are numbers with zeros in front": (rows(product_id="007", user_id="1e3"), 3, {}),
    "values that are SQL, Jinja and shell": (
        rows(product_id="'; drop table x; --", brand="{{ 1/0 }}", user_session="$(rm -rf $$)\\"),
        3,
        {},
    ),
    # -- sizes
    "one row": (rows(1), 1, {}),
    "all rows equal": (rows(10_000), 10_000, {}),
    "many rows of one user": (
        csv(*(LINE.replace("p1", f"p{step}") for step in range(200_000))),
        200_000,
        {},
    ),
    "a hub product in every session": (hub(20_000), 20_000, {}),
    "gzip in several members": (gzip.compress(rows(2)) + gzip.compress(LINE.encode()), 3, {}),
    "a line of 3 MB": (
        csv(LINE, LINE.replace("br", "b" * 3_000_000), LINE),
        2,
        {
            "broken line: line size over maximum": 1,
        },
    ),
}


@pytest.mark.parametrize("case", READ)
def test_every_row_is_kept_or_rejected_with_its_reason(case, put, staging):
    content, kept, rejected = READ[case]
    staged = staging(put(content))
    assert (len(staged.kept), Counter(staged.reasons)) == (kept, rejected)


def test_values_come_through_as_they_are(put, staging):
    two_hours_east = datetime.timezone(datetime.timedelta(hours=2))
    content = parquet(
        2,
        event_time=pa.array([NOON.astimezone(two_hours_east)] * 2, pa.timestamp("us", "UTC")),
        product_id=pa.array([2**53 + 1, 7]),
        price=pa.array([decimal.Decimal("0.10"), decimal.Decimal("1e6")]),
        brand=pa.array(["", " b "]),
    )
    staged = staging(put(content))
    found = [(r["event_at"], r["product_id"], r["price"], r["brand"]) for r in staged.kept]
    noon = datetime.datetime(2024, 1, 1, 12)
    assert sorted(found, key=str) == [(noon, "7", 1e6, "b"), (noon, str(2**53 + 1), 0.1, None)]


def test_times_of_any_form_are_utc(put, staging):
    staged = staging(put(READ["times in other forms"][0]))
    ten = datetime.datetime(2024, 1, 1, 10)
    assert Counter(row["event_at"] for row in staged.kept) == {
        ten: 5,
        ten.replace(hour=0): 1,
        ten.replace(microsecond=123456): 1,
    }


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_kept_when_it_is_named(encoding, put, staging):
    content = rows(brand="café").decode().encode(encoding)
    staged = staging(put(content), csv_options={"encoding": encoding})
    assert [row["brand"] for row in staged.kept] == ["café"] * 3


# ---- what is refused: the file at fault and what to do, in one line ------------------------------

REFUSED: dict[str, tuple[bytes | dict[str, bytes], str]] = {
    "empty": (b"", "is empty: it has neither a header nor rows"),
    "blanks only": (b" \n\n  \n", "is empty: it has neither a header nor rows"),
    "header only": (csv(), "has a header but no rows"),
    "only headers in all files": ({"1.csv": csv(), "2.csv": csv()}, "has a header but no rows"),
    "parquet without rows": (parquet(0), "has a header but no rows"),
    "rows without a header": (csv(LINE, header=LINE), "looks like a row, not a header, such as"),
    **{
        f"column {name} missing": (without(name), f"column '{name}' is missing from")
        for name in REQUIRED_EVENT_COLUMNS
    },
    "a needed column twice": (
        csv(LINE + ",u2", header=",".join([*HEADER, "user_id"])),
        "column 'user_id' is twice in the header",
    ),
    "a needed column missing in one of the files": (
        {"1.csv": rows(), "2.csv": without("user_id")},
        "column 'user_id' is missing from",
    ),
    "parquet: a needed column missing": (
        parquet(1, product_id=None),
        "column 'product_id' is missing from",
    ),
    "truncated gzip": (gzip.compress(rows(1000))[:-9], "truncated or damaged gzip file"),
    "truncated gzip among good files": (
        {"1.csv": rows(), "2.csv.gz": gzip.compress(rows(1000))[:-9]},
        "truncated or damaged gzip file",
    ),
    "parquet: an id with a fraction": (
        parquet(2, user_id=pa.array([7.0, 7.5])),
        "and 7.5 is no whole number below 9,007,199,254,740,992: write them as text or int64",
    ),
    "parquet: an id too large for a double": (
        parquet(2, category_id=pa.array([NAN, 2.0**53])),
        "holds ids as numbers with fractions, and 9007199254740992.0 is no whole number below",
    ),
    "parquet: an id too large for a float": (
        parquet(1, product_id=pa.array([2.0**24], pa.float32())),
        "column 'product_id' of ",
    ),
    "parquet: an infinite id": (parquet(1, user_session=pa.array([-math.inf])), "and -inf is no"),
    "parquet: a decimal id with a fraction": (
        parquet(2, user_id=pa.array([decimal.Decimal("7.50")] * 2)),
        "holds ids as numbers with fractions, and 7.50 is no whole number: write them",
    ),
    "truncated parquet": (parquet(1000)[:-9], "damaged parquet file (is it complete?)"),
    "parquet with its end only": (b"PAR1" + parquet(1000)[-200:], "damaged parquet file"),
    "a zip file": (b"PK\x03\x04" + bytes(range(256)), "is a truncated or damaged zip file"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a csv, JSON or parquet file"),
    "JSON lines": (b'{"event_time": "2024-01-01", "user_id": "u1"}\n' * 2, "is missing from"),
    "a delimiter that is none of the usual": (rows().replace(b",", b"~"), "is missing from"),
    "a line of 20 MB": (csv(LINE, "x" * 20_000_000), "has a line of more than 16 MB"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_named_in_one_line(case, put, staging):
    content, message = REFUSED[case]
    with pytest.raises(ValueError) as error:
        staging(put(content))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_no_match_a_folder_and_a_dangling_link_are_refused(tmp_path, staging):
    with pytest.raises(ValueError, match="no file matches"):
        staging(str(tmp_path / "*.csv"))
    with pytest.raises(ValueError, match=r"is a folder: name its files, such as"):
        staging(str(tmp_path))
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no file matches"):
        staging(str(tmp_path / "gone.csv"))


def test_there_are_enough_cases():
    assert len(READ) + len(REFUSED) >= 40
