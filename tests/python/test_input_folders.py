"""Folders `name=value` above event files may provide a column that the files lack."""

import datetime
import gzip
from collections.abc import Callable

import pytest
from written_files import parquet, rows, without


@pytest.fixture
def put_under(tmp_path) -> Callable[[str, bytes], str]:
    """A function that writes a file under some folders and returns its path."""

    def write(folders: str, content: bytes) -> str:
        path = tmp_path / folders / "part-0"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    return write


FOLDERS = "event_time=2023-12-31/user_id=all/price=usd/brand=other"
KINDS = {
    "csv": (rows(2), without),
    "parquet": (parquet(2), lambda column: parquet(2, **{column: None})),
    # A different line end: DuckDB reads whole lines.
    "csv, line by line": (
        rows(2).replace(b"\n", b"\r\n", 1),
        lambda column: without(column).replace(b"\n", b"\r\n", 1) + b"\n",
    ),
    "csv.gz": (gzip.compress(rows(2)), lambda column: gzip.compress(without(column))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_files_own_columns_win_over_its_folders(kind, put_under, staging):
    content, _ = KINDS[kind]
    staged = staging(put_under(FOLDERS, content))
    found = [(r["event_at"], r["user_id"], r["price"], r["brand"]) for r in staged.kept]
    assert found == [(datetime.datetime(2024, 1, 1, 10), "u1", 1.5, "br")] * 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("column", "folder", "kept_as"),
    [
        ("event_time", "event_time=2023-12-31 10%3A30%3A00", "2023-12-31 10:30:00"),
        ("event_type", "Event_Type=cart", "cart"),
        ("brand", "brand=caf%C3%A9 %2B", "café +"),
        ("brand", "brand=__HIVE_DEFAULT_PARTITION__", None),
        ("user_session", "user_session=it's", "it's"),
    ],
)
def test_a_column_that_only_a_folder_gives_is_used(
    kind, column, folder, kept_as, put_under, staging
):
    _, lacking = KINDS[kind]
    kept = staging(put_under(folder, lacking(column))).kept
    name = "event_at" if column == "event_time" else column
    assert {None if row[name] is None else str(row[name]) for row in kept} == {kept_as}


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_another_name_can_be_mapped(kind, put_under, staging):
    content, lacking = KINDS[kind]
    path = put_under("dt=2023-12-31/shop=a", lacking("event_time"))
    columns = {"event_time": "dt", "user_session": "shop || '-' || user_session"}
    row = staging(path, columns=columns).kept[0]
    assert (row["event_at"], row["user_session"]) == (datetime.datetime(2023, 12, 31), "a-s1")
    with pytest.raises(ValueError, match="column 'event_time' is missing from"):
        staging(path)
    path = put_under("event_type=cart/shop=b", content)
    assert staging(path, reject_when={"shop b": "shop = 'b'"}).reasons == ["shop b"] * 2


def test_a_folder_that_shows_user_ids_is_refused_when_they_are_to_be_hashed(put_under, staging):
    path = put_under("user_id=u1", without("user_id"))
    with pytest.raises(ValueError, match=r"the folder 'user_id=\.\.\.' of .* shows the user ids"):
        staging(path, user_salt="a-salt-of-the-tests/1")
    put_under("user_id=u2", rows(1))
    assert len(staging(str(path).replace("u1", "u2"), user_salt="a-salt-of-the-tests/1").kept) == 1
