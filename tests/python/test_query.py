"""The var events_sql: rows that a query returns from event files and side files."""

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from staging_sql import described

from longtail.build import query, settings, sources


@pytest.fixture
def put(tmp_path) -> Callable[..., str]:
    """A function that writes files by name and returns the path of the first."""

    def write(**contents: str | bytes) -> str:
        for name, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / name).write_bytes(data)
        return str(tmp_path / next(iter(contents)))

    return write


EVENTS = "user_id,product_id,event_time,kind\nu,p,2024-01-01,1\nv,q,2024-01-02,2\nv,q,soon,2\n"
KINDS = "id,name\n1,view\n2,cart\n"


def queried(path: str, sql: str, tables: dict | None = None):
    given = query.side_tables(tables or {}, path, {})
    return query.queried(described(path), sql, given)


def test_every_row_of_the_query_is_kept_or_rejected(put, staging_of):
    path = put(log=EVENTS, kinds=KINDS)
    sql = "select events.*, kinds.name as event_type from events join kinds on kind = id -- all\n;"
    staged = staging_of(queried(path, sql, {"kinds": "kinds"}))
    assert [(row["user_id"], row["event_type"]) for row in staged.kept] == [
        ("u", "view"),
        ("v", "cart"),
    ]
    assert staged.reasons == ["unreadable event_time"]
    rows = [*staged.kept, *staged.rejected]
    assert {row["source_file"] for row in rows} == {path}
    assert sorted(row["source_row"] for row in rows) == [1, 2, 3]


def test_a_table_may_be_several_files_of_any_format(put, tmp_path, staging_of):
    path = put(
        log=EVENTS, kinds1=KINDS.replace("2,cart\n", ""), kinds2='{"name": "cart", "id": 2}\n'
    )
    sql = "select events.*, name as event_type from events join kinds on kind = kinds.id"
    staged = staging_of(queried(path, sql, {"kinds": str(tmp_path / "kinds?")}))
    assert sorted(row["event_type"] for row in staged.kept) == ["cart", "view"]


def test_broken_lines_are_rejected_beside_the_query(put, staging_of):
    good = {"user_id": "u", "moment": "2024-01-01", "skus": ["p", "q"]}
    path = put(log=f"{json.dumps(good)}\n{{broken\n5\n{json.dumps(good)}\n")
    sql = "select user_id, moment as event_time, unnest(skus) as product_id from events"
    staged = staging_of(queried(path, sql), event_type="view")
    assert sorted(row["product_id"] for row in staged.kept) == ["p", "p", "q", "q"]
    assert sorted(staged.reasons) == ["broken line: no JSON", "broken line: no JSON object"]
    assert {row["raw_line"] for row in staged.rejected} == {"{broken", "5"}
    rows = [row["source_row"] for row in [*staged.kept, *staged.rejected]]
    assert len(set(rows)) == len(rows)


def test_lines_that_duckdb_cannot_split_are_noted_once(put, staging_of):
    path = put(log=EVENTS + "cut off\n")
    staged = staging_of(queried(path, "select * from events"), event_type="view")
    assert staged.reasons.count("broken line: missing columns") == 1
    assert len(staged.kept) == 2


def test_columns_are_mapped_over_those_of_the_query(put, staging_of):
    sql = "select user_id as u, product_id as p, event_time as t from events"
    columns = {"user_id": "upper(u)", "product_id": "p", "event_time": "T"}
    staged = staging_of(queried(put(log=EVENTS), sql), columns=columns, event_type="view")
    assert sorted(row["user_id"] for row in staged.kept) == ["U", "V"]
    with pytest.raises(ValueError, match="whose columns are u, p, t; map it"):
        staging_of(queried(put(log=EVENTS), sql))


def test_whole_numbers_are_ids_whatever_type_the_query_gives(put, tmp_path, staging_of):
    log = {"u": [7.0], "p": [1.0], "event_time": ["2024-01-01"]}
    pq.write_table(pa.table(log), tmp_path / "log")
    sql = "select {} as user_id, cast(p as decimal(9, 2)) as product_id, event_time from events"
    path = str(tmp_path / "log")
    (row,) = staging_of(queried(path, sql.format("u")), event_type="view").kept
    assert (row["user_id"], row["product_id"]) == ("7", "1")
    with pytest.raises(ValueError, match=r"7\.5 is no whole number"):
        staging_of(queried(path, sql.format("u + 0.5e0")))


REFUSED = {
    "no SQL": ("select from where", "var 'events_sql' is not valid SQL: Parser Error"),
    "two queries": ("select * from events; select * from events", "must be one query"),
    "a command": ("drop table events", "must be one query"),
    "a copy": ("copy (select * from events) to 'x'", "must be one query"),
    "nothing of the events": ("select 1 as user_id", "must read from events"),
    "a column that is not there": ("select nope from events", "does not fit '.*log': Binder Error"),
    "a table that is not there": ("select * from events join nope using (x)", "does not fit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_query_that_cannot_be_used_is_refused_in_one_line(case, put, staging_of):
    sql, message = REFUSED[case]
    path = put(log=EVENTS)
    with pytest.raises(ValueError, match=message) as error:
        staging_of(queried(path, sql))
    assert "\n" not in str(error.value)
    assert len(str(error.value).replace(path, "")) <= 300


def test_a_table_that_is_not_there_is_named(put):
    with pytest.raises(ValueError, match=r"^var 'event_tables', entry 'kinds': no file matches"):
        queried(put(log=EVENTS), "select * from events", {"kinds": "nowhere.csv"})


BAD_VARS = {
    "ids to be hashed": (
        {"events_sql": "select * from events", "hash_user_ids": "a-salt-of-the-tests/1"},
        "cannot see what a query makes of user ids",
    ),
    "tables without a query": ({"event_tables": {"a": "b.csv"}}, "'events_sql', which is empty"),
}


@pytest.mark.parametrize("case", BAD_VARS)
def test_vars_that_do_not_go_together_are_refused(case):
    given, message = BAD_VARS[case]
    with pytest.raises(ValueError, match=message):
        settings.check(given, settings.load_defaults())


def test_another_content_of_a_table_changes_the_rules(put):
    given = settings.check({}, settings.load_defaults())

    def rules(content: str) -> str:
        path = put(log=EVENTS, kinds=content)
        tables = query.side_tables({"kinds": "kinds"}, path, {})["kinds"]
        return sources.staging_rules(given, settings.PROJECT, tables)

    assert rules(KINDS) == rules(KINDS)
    assert rules(KINDS) != rules(KINDS.replace("cart", "buy"))
