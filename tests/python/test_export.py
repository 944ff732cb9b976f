"""Lists as files, on a shop small enough to write every line by hand."""

import csv
import hashlib
import json
import shutil
import sqlite3
import sys
from pathlib import Path

import duckdb
import pytest
from odd_log import ODD_IDS

from longtail.export.__main__ import main

pytestmark = pytest.mark.slow

ANN = [("cable", 2.3, "graph", "case"), ("sock", 1.2, "graph", "case")]
NEW = ("bob", 2, "lamp", 1.5, "graph", "phone", "view", False)


@pytest.fixture
def warehouse(database, tmp_path) -> Path:
    """A warehouse with the tiny shop's database, in which bob's second product is new to him."""
    folder = tmp_path / "ware's house"
    folder.mkdir()
    shutil.copy(database, folder / "longtail.duckdb")
    change(folder, f"insert into user_recommendations values {NEW}")
    return folder


def change(warehouse: Path, sql: str) -> None:
    """Change the published tables."""
    with duckdb.connect(str(warehouse / "longtail.duckdb")) as shop:
        shop.execute(sql)


def export(warehouse: Path, to: str, out: Path | str, *options: str) -> int:
    """Call the command; return its exit code."""
    return main(["--warehouse", str(warehouse), "--to", to, "--out", str(out), *options])


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_json_lines_have_a_line_per_user_and_per_product_and_relation(warehouse, tmp_path):
    assert export(warehouse, "jsonl", tmp_path / "out", "--k", "2") == 0
    names = ("product_id", "score", "source", "because_product_id")
    assert lines(tmp_path / "out" / "recommendations.jsonl") == [
        {
            "user_id": "ann",
            "items": [
                {"rank": rank, **dict(zip(names, item, strict=True))}
                for rank, item in enumerate(ANN, 1)
            ],
        },
        # Products that bob has seen are excluded, and the lamp moves up.
        {
            "user_id": "bob",
            "items": [
                {
                    **{"rank": 1, "product_id": "lamp", "score": 1.5, "source": "graph"},
                    "because_product_id": "phone",
                }
            ],
        },
    ]
    similar = lines(tmp_path / "out" / "similar_products.jsonl")
    assert [(line["product_id"], line["relation"]) for line in similar] == [
        ("case", "complement"),
        ("phone", "complement"),
        ("phone", "substitute"),
    ]
    assert similar[2]["items"] == [
        {"rank": 1, "similar_product_id": "lamp", "score": 0.9, "source": "graph"},
        {"rank": 2, "similar_product_id": "sock", "score": 0.8, "source": "graph"},
    ]


def test_csv_has_a_line_per_row_and_nothing_for_null(warehouse, tmp_path):
    change(warehouse, "update user_recommendations set because_product_id = null where rank = 2")
    assert export(warehouse, "csv", tmp_path, "--with-seen") == 0
    assert (tmp_path / "recommendations.csv").read_text() == (
        "user_id,rank,product_id,score,source,because_product_id\n"
        "ann,1,cable,2.3,graph,case\n"
        "ann,2,sock,1.2,graph,\n"
        "bob,1,case,4.5,seen before,phone\n"
        "bob,2,lamp,1.5,graph,\n"
    )
    with open(tmp_path / "similar_products.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [*("product_id", "relation", "rank", "similar_product_id", "score", "source")]
    assert rows[0] == ["case", "complement", "1", "cable", "0.5", "graph"]
    assert len(rows) == 8


def test_parquet_is_parted_by_the_first_digit_of_the_md5_of_the_user(warehouse, tmp_path):
    many = ", ".join(f"('user {n}', 1, 'lamp', 1.0, 'graph', null, null, false)" for n in range(60))
    change(warehouse, f"insert into user_recommendations values {many}")
    assert export(warehouse, "parquet", tmp_path / "out") == 0
    folder = tmp_path / "out" / "recommendations.parquet"
    found = {}
    for file in folder.rglob("*.parquet"):
        bucket = int(file.parent.name.removeprefix("user_bucket="))
        rows = duckdb.execute(f"select distinct user_id from '{file}'").fetchall()
        found |= {user: bucket for (user,) in rows}
    assert found == {
        user: int(hashlib.md5(user.encode()).hexdigest()[0], 16)
        for user in ["ann", "bob", *(f"user {n}" for n in range(60))]
    }
    similar = tmp_path / "out" / "similar_products.parquet"
    assert duckdb.execute(f"select count(*) from '{similar}'").fetchall() == [(8,)]


def test_readers_of_parquet_keep_the_export_before(warehouse, tmp_path):
    name = tmp_path / "recommendations.parquet"
    versions = []
    for _ in range(3):
        assert export(warehouse, "parquet", tmp_path) == 0
        versions.append(name.resolve())
    assert len(set(versions)) == 3
    assert [version.exists() for version in versions] == [False, True, True]


def test_a_folder_of_somebody_else_is_not_replaced(warehouse, tmp_path, capsys):
    theirs = tmp_path / "recommendations.parquet"
    theirs.mkdir()
    assert export(warehouse, "parquet", tmp_path) == 1
    assert "is not an export of longtail" in capsys.readouterr().err
    assert theirs.is_dir() and not theirs.is_symlink()


def test_sqlite_has_keys_types_and_a_note(warehouse, tmp_path):
    file = tmp_path / "out" / "lists.sqlite"
    assert export(warehouse, "sqlite", file, "--k", "1") == 0
    with sqlite3.connect(file) as lists:
        assert lists.execute("select * from recommendations order by user_id").fetchall() == [
            ("ann", 1, "cable", 2.3, "graph", "case"),
            ("bob", 1, "lamp", 1.5, "graph", "phone"),
        ]
        assert lists.execute("select count(*) from similar_products").fetchall() == [(3,)]
        note = dict(lists.execute("select name, value from longtail_export").fetchall())
        with pytest.raises(sqlite3.IntegrityError):
            lists.execute("insert into recommendations select * from recommendations")
    assert note == {
        **{"format": 1, "build_id": "new", "built_at": "2024-01-03T03:00:00"},
        **{"last_event_at": "2024-01-03T01:00:00", "k": 1, "with_seen": 0},
    }


def test_a_reader_of_sqlite_keeps_the_export_before(warehouse, tmp_path):
    file = tmp_path / "lists.sqlite"
    assert export(warehouse, "sqlite", file) == 0
    count = "select count(*) from recommendations"
    with sqlite3.connect(file) as before:
        assert before.execute(count).fetchall() == [(3,)]
        change(warehouse, "delete from user_recommendations where user_id = 'ann'")
        assert export(warehouse, "sqlite", file) == 0
        assert before.execute(count).fetchall() == [(3,)]
    with sqlite3.connect(file) as after:
        assert after.execute(count).fetchall() == [(1,)]


@pytest.mark.parametrize("content", [b"", b"not a database", None])
def test_a_file_that_is_no_export_is_not_replaced(warehouse, tmp_path, capsys, content):
    file = tmp_path / "theirs.sqlite"
    if content is None:
        with sqlite3.connect(file) as theirs:
            theirs.execute("create table orders (id)")
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    assert export(warehouse, "sqlite", file) == 1
    assert f"{file} is not an export of longtail" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize("to", ["jsonl", "csv", "parquet", "sqlite"])
def test_an_export_that_fails_leaves_the_one_before_and_nothing_else(
    warehouse, tmp_path, to, capsys
):
    out = tmp_path / "out" / "lists.sqlite" if to == "sqlite" else tmp_path / "out"
    assert export(warehouse, to, out) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    change(warehouse, "alter table user_recommendations rename score to points")
    assert export(warehouse, to, out) == 1
    assert "No export: " in capsys.readouterr().err
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("to", ["jsonl", "csv", "parquet", "sqlite"])
def test_odd_ids_arrive_as_they_are(warehouse, tmp_path, to):
    with duckdb.connect(str(warehouse / "longtail.duckdb")) as shop:
        shop.execute("delete from user_recommendations")
        shop.executemany(
            "insert into user_recommendations values (?, 1, ?, 1.0, 'graph', null, null, false)",
            [[odd, odd] for odd in ODD_IDS],
        )
    out = tmp_path / ("lists.sqlite" if to == "sqlite" else "out")
    assert export(warehouse, to, out) == 0
    if to == "jsonl":
        found = [
            (line["user_id"], line["items"][0]["product_id"])
            for line in lines(out / "recommendations.jsonl")
        ]
    elif to == "csv":
        with open(out / "recommendations.csv", newline="", encoding="utf-8") as file:
            found = [(row["user_id"], row["product_id"]) for row in csv.DictReader(file)]
    elif to == "parquet":
        files = f"{out}/recommendations.parquet/*/*.parquet"
        found = duckdb.execute(f"select user_id, product_id from '{files}'").fetchall()
    else:
        with sqlite3.connect(out) as written:
            found = written.execute("select user_id, product_id from recommendations").fetchall()
    assert sorted(found) == sorted((odd, odd) for odd in ODD_IDS)


@pytest.mark.parametrize("to", ["jsonl", "csv", "parquet", "sqlite"])
def test_lists_without_rows_are_exported(warehouse, tmp_path, to):
    change(warehouse, "delete from user_recommendations; delete from similar_products")
    out = tmp_path / ("lists.sqlite" if to == "sqlite" else "out")
    assert export(warehouse, to, out) == 0
    if to != "sqlite":
        assert (out / f"recommendations.{to}").exists()
        rows = json.loads((out / "export.json").read_text())["rows"]
        assert rows == {"recommendations": 0, "similar_products": 0}


@pytest.fixture(scope="module")
def many_users(tmp_path_factory) -> Path:
    """A warehouse with 25 thousand users of 20 products each, in one sorted parquet file."""
    folder = tmp_path_factory.mktemp("many")
    lists = str(folder / "lists.parquet")
    duckdb.execute(
        f"""
        copy (
            select 'user ' || (100000 + places.n // 20) as user_id,
                cast(1 + places.n % 20 as integer) as rank,
                'product ' || hash(places.n) as product_id,
                1 / (1 + places.n % 20) as score,
                'graph' as source,
                'product ' || hash(-places.n) as because_product_id,
                false as is_seen
            from range(500_000) as places(n)
            order by user_id, rank
        ) to '{lists}'
        """
    )
    with duckdb.connect(str(folder / "longtail.duckdb")) as shop:
        shop.execute(
            f"""
            create view user_recommendations as from '{lists}';
            create view similar_products as
                select product_id, 'substitute' as relation, rank,
                    because_product_id as similar_product_id, score, source
                from '{lists}' where rank = 1;
            create view status as
                select 'one' as build_id, now() as built_at, now() as last_event_at
            """
        )
    return folder


def counted(to: str, out: Path) -> list[tuple]:
    """Return rows, users and places of the exported recommendations, read in order."""
    counts = "count(*), count(distinct user_id), sum(rank)"
    if to == "sqlite":
        with sqlite3.connect(out) as written:
            return written.execute(f"select {counts} from recommendations").fetchall()
    if to == "jsonl":
        users = [line["user_id"] for line in lines(out / "recommendations.jsonl")]
        assert users == sorted(users)
        listed = "select user_id, unnest(items, recursive := true) from '{}/recommendations.jsonl'"
    elif to == "csv":
        listed = "select * from '{}/recommendations.csv'"
    else:
        listed = "select * from '{}/recommendations.parquet/*/*.parquet'"
    return duckdb.execute(f"select {counts} from ({listed.format(out)})").fetchall()


@pytest.mark.parametrize("to", ["jsonl", "csv", "parquet", "sqlite"])
def test_memory_does_not_grow_with_the_rows(many_users, tmp_path, monkeypatch, to):
    # One query over these rows asks for more; over 90 million, for more than 18 GB.
    monkeypatch.setenv("LONGTAIL_MEMORY_LIMIT", "150MB")
    monkeypatch.setenv("LONGTAIL_THREADS", "1")
    out = tmp_path / ("lists.sqlite" if to == "sqlite" else "out")
    assert export(many_users, to, out) == 0
    assert counted(to, out) == [(500_000, 25_000, 25_000 * 210)]


def test_without_options_json_lines_of_twenty_places_go_into_the_warehouse(warehouse, capsys):
    assert main(["--warehouse", str(warehouse), "--to", "", "--out", "", "--k", ""]) == 0
    note = json.loads((warehouse / "export" / "export.json").read_text())
    assert (note["k"], note["rows"]["recommendations"]) == (20, 2)
    assert "Wrote " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--k", "0"], "k must be 1 or more, not 0"),
        (["--k", "many"], "k must be a whole number, not many"),
        (["--warehouse", "nowhere"], "there is no published build"),
        (["--to", "postgres"], r"PostgreSQL needs its client: .venv/bin/pip install 'psycopg"),
        (["--to", "redis"], "Redis and Valkey need their client: .venv/bin/pip install redis"),
    ],
)
def test_what_is_missing_is_said_in_a_line(warehouse, capsys, monkeypatch, options, complaint):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "redis", None)
    assert main(["--warehouse", str(warehouse), *options]) == 1
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1


def test_the_real_lists_of_a_build_leave_the_house(demo, tmp_path):
    out = tmp_path / "lists.sqlite"
    assert export(demo.warehouse, "sqlite", out, "--k", "5") == 0
    with duckdb.connect(str(demo.warehouse / "longtail.duckdb"), read_only=True) as shop:
        unseen = shop.execute(
            "select user_id, product_id from user_recommendations where not is_seen"
        ).fetchall()
    with sqlite3.connect(out) as lists:
        rows = lists.execute("select user_id, rank, product_id from recommendations").fetchall()
    assert {(user, product) for user, _, product in rows} <= set(unseen)
    assert max(rank for _, rank, _ in rows) == 5
    users = {user for user, _ in unseen}
    assert len([row for row in rows if row[1] == 1]) == len(users)
