"""The vars catalogue_sql, catalogue_features and catalogue_vector over files of every format.

The SQL that judges rows is the models' own, rendered as `make inspect` does.
"""

import io
import json
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longtail.build import catalogue_files, settings
from longtail.inspect.staging import catalogue_sql

pytestmark = pytest.mark.slow

PIVOT = """
select item as product_id, max(value) filter (property = 'name') as product_name
from products group by item
"""


def lines(*rows: str) -> bytes:
    return "\n".join([*rows, ""]).encode()


def parquet(**columns) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def judged(folder: Path, files: dict[str, bytes], pattern: str, **given) -> list[dict]:
    """The rows of a catalogue with their reasons, as a build stages them."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    checked = settings.check(
        {**given, "catalogue": str(folder / pattern)}, settings.load_defaults()
    )
    found = catalogue_files.describe_catalogue(checked)
    rows = catalogue_files.catalogue_sql(
        catalogue_files.queried_catalogue(found, checked),
        checked["catalogue_columns"],
        catalogue_files.content_columns(checked),
    )
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.sql(catalogue_sql(rows, checked)).to_arrow_table().to_pylist()


# ---- catalogue_sql -----------------------------------------------------------------------------


def test_a_query_reads_the_rows_of_all_files_whatever_their_columns(tmp_path):
    files = {
        "part1.csv": lines("item,property,value", "1,name,Cup", "2,size,9"),
        "part2.csv": lines("value,item,property,note", "Mug,2,name,x"),
    }
    rows = judged(tmp_path, files, "part*.csv", catalogue_sql=PIVOT)
    assert {row["product_id"]: row["product_name"] for row in rows} == {"1": "Cup", "2": "Mug"}
    assert [row["reject_reason"] for row in rows] == [None, None]
    assert {row["source_row"] for row in rows} == {1, 2}


def test_broken_lines_of_any_file_are_rejected_rows_and_not_in_the_query(tmp_path):
    files = {
        "part1.json": lines('{"item": 1, "property": "name", "value": "Cup"}', "not json"),
        "part2.csv": lines("item,property,value", "2,name,Mug"),
        "part3.json": lines('{"item": 3, "property": "name", "value": "Jug"}', "[1]"),
    }
    rows = judged(tmp_path, files, "part*", catalogue_sql=PIVOT)
    good = {row["product_id"] for row in rows if row["reject_reason"] is None}
    assert good == {"1", "2", "3"}
    assert Counter(row["reject_reason"] for row in rows if row["reject_reason"]) == {
        "broken line: no JSON": 1,
        "broken line: no JSON object": 1,
    }
    assert {row["raw_line"] for row in rows if row["reject_reason"]} == {"not json", "[1]"}


def test_other_files_are_joined(tmp_path):
    files = {
        "products.csv": lines("id,colour_id", "1,7", "2,8"),
        "colours.csv": lines("colour_id,name", "7,red"),
    }
    rows = judged(
        tmp_path,
        files,
        "products.csv",
        catalogue_sql="select id, c.name as title from products left join c using (colour_id)",
        catalogue_tables={"c": "colours.csv"},
    )
    assert sorted((row["product_id"], row["product_name"]) for row in rows) == [
        ("1", "red"),
        ("2", None),
    ]


QUERIES_REFUSED = {
    "no SQL": ({"catalogue_sql": "select from where"}, "var 'catalogue_sql' is not valid SQL: "),
    "no query": (
        {"catalogue_sql": "delete from products"},
        "var 'catalogue_sql' must be one query: select ... from products",
    ),
    "two queries": (
        {"catalogue_sql": "from products; from products"},
        "var 'catalogue_sql' must be one query",
    ),
    "another table": (
        {"catalogue_sql": "select 1 as product_id"},
        "var 'catalogue_sql' must read from products, the rows of the file",
    ),
    "an unknown column": (
        {"catalogue_sql": "select article from products"},
        "var 'catalogue_sql' does not fit ",
    ),
    "no id in the result": (
        {"catalogue_sql": "select 1 as n from products"},
        "column 'product_id'",
    ),
    "tables without a query": (
        {"catalogue_tables": {"a": "b.csv"}},
        "var 'catalogue_tables' names files for the query 'catalogue_sql', which is empty",
    ),
    "a missing file": (
        {"catalogue_sql": "from products", "catalogue_tables": {"a": "b.csv"}},
        "var 'catalogue_tables', entry 'a': no file matches ",
    ),
    "an unknown feature": (
        {"catalogue_features": ["title", "colour"]},
        "var 'catalogue_features', entry 'colour': 'colour' is not an SQL expression over the ",
    ),
    "a feature twice": (
        {"catalogue_features": ["title", "title "]},
        "var 'catalogue_features' must be a list of different columns",
    ),
    "a feature that is no text": (
        {"catalogue_features": [7]},
        "var 'catalogue_features' must be a list of different columns",
    ),
    "a feature that is more than an expression": (
        {"catalogue_features": ["title) from x; --"]},
        "var 'catalogue_features', entry 'title) from x; --'",
    ),
    "an unknown vector": (
        {"catalogue_vector": "embedding"},
        "var 'catalogue_vector', entry 'embedding': 'embedding' is not an SQL expression over",
    ),
}


@pytest.mark.parametrize("case", QUERIES_REFUSED)
def test_a_query_or_column_that_does_not_fit_is_one_line(case, tmp_path):
    given, message = QUERIES_REFUSED[case]
    with pytest.raises(ValueError) as refused:
        judged(tmp_path, {"p.csv": lines("id,title", "1,Cup")}, "p.csv", **given)
    assert str(refused.value).startswith(message)
    assert len(str(refused.value).replace(str(tmp_path), "")) <= 300


# ---- features and vectors ----------------------------------------------------------------------

VECTORS = {
    "csv, blanks": lines("id,v", "1,0.5 -1", "2,1 1", "3,1 2 3", '4,"1,2"', "5,"),
    "json, lists": lines(
        *(
            json.dumps({"id": number, "v": vector})
            for number, vector in enumerate([[0.5, -1], [1, 1], [1, 2, 3], [1, 2], None], 1)
        )
    ),
    "parquet, lists": parquet(
        id=["1", "2", "3", "4", "5"],
        v=pa.array([[0.5, -1], [1, 1], [1, 2, 3], [1, 2], None], pa.list_(pa.float32())),
    ),
}


@pytest.mark.parametrize("case", VECTORS)
def test_vectors_are_read_from_every_format(case, tmp_path):
    rows = judged(tmp_path, {"products": VECTORS[case]}, "products", catalogue_vector="v")
    found = {row["product_id"]: (row["vector"], row["reject_reason"]) for row in rows}
    assert found == {
        "1": ([0.5, -1], None),
        "2": ([1, 1], None),
        "3": ([1, 2, 3], "vector of another length than most"),
        "4": ([1, 2], None),
        "5": (None, None),
    }


def test_features_are_columns_or_expressions_and_null_texts_are_none(tmp_path):
    content = lines("id,material,price", "1,Oak,12", "2,NULL,120", "3, ,x")
    features = ["material", "case when try_cast(price as int) < 100 then 'cheap' end"]
    rows = judged(tmp_path, {"p.csv": content}, "p.csv", catalogue_features=features)
    found = {row["product_id"]: (row["given_feature_1"], row["given_feature_2"]) for row in rows}
    assert found == {"1": ("Oak", "cheap"), "2": (None, None), "3": (None, None)}


def test_a_column_named_vector_is_nothing_without_the_var(tmp_path):
    rows = judged(tmp_path, {"p.csv": lines("id,vector", "1,bad")}, "p.csv")
    assert [row["reject_reason"] for row in rows] == [None]
    assert "vector" not in rows[0]
