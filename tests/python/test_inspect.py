"""Findings of inspect about files, and presets that read them."""

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from dbt_shop import HEADER, ROOT

from longtail.build import settings
from longtail.inspect import sample
from longtail.inspect.__main__ import main, preset
from longtail.inspect.look import Look, look_at

pytestmark = pytest.mark.slow


@pytest.fixture
def put(tmp_path) -> Callable[..., str]:
    """A function that writes a file and returns its path."""

    def write(content: bytes, name: str = "log.csv") -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


def text(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def again(look: Look, path: str) -> Look:
    """Inspect a file with the preset written for it."""
    return look_at(path, yaml.safe_load(preset(look, path, "x.yml")))


ROW = "2024-01-0{0} 10:00:0{0}"
# Content; the mapping that is proposed, a column of the same name left out.
PROPOSED = {
    "canonical names": (text(",".join(HEADER), "2024-01-01,view,p,c,a.b,br,1,u,s"), {}),
    "other names": (
        text("ts;sku;customerId;action", "2024-01-01 10:00:00;p;u;view"),
        {"event_time": "ts", "product_id": "sku", "user_id": "customerId", "event_type": "action"},
    ),
    "orders": (
        text("Order ID,Order Date,Customer,Item,Qty", "1,2024-01-05 10:00,u,p,2"),
        {
            **{"user_session": "Order ID", "event_time": "Order Date", "user_id": "Customer"},
            **{"product_id": "Item", "event_weight": "Qty", "event_type": "'purchase'"},
        },
    ),
    "Chinese names": (
        text("用户ID,商品ID,商品类目,行为类型,时间", "u,p,4,pv,2024-01-01 10:00:00"),
        {
            "category_id": "商品类目",
            **{"user_id": "用户ID", "product_id": "商品ID", "event_type": "行为类型"},
            "event_time": "时间",
        },
    ),
    "no header": (
        text("7,p1,view,1704067200", "8,p2,cart,1704067201", "8,p2,cart,1704067202"),
        {
            **{"user_id": "column1", "product_id": "column2", "event_type": "column3"},
            "event_time": "column4",
        },
    ),
    "no times": (
        text("user,item,stars", "u,p,4", "v,p,5"),
        {
            **{"user_id": "user", "product_id": "item", "event_weight": "stars"},
            **{"event_time": "none", "event_type": "'rating'"},
        },
    ),
    "dates as numbers": (
        text("user_id,product_id,day", "u,p,20240131"),
        {"event_time": "strptime(\"day\", '%Y%m%d')", "event_type": "'view'"},
    ),
    "JSON lines": (
        b'{"ts": 1704067200, "sku": "p", "visitor_id": 7}\n',
        {
            **{"event_time": "ts", "product_id": "sku", "user_id": "visitor_id"},
            "event_type": "'view'",
        },
    ),
}


@pytest.mark.parametrize("case", PROPOSED)
def test_columns_are_mapped_by_name_and_content(case, put):
    content, wanted = PROPOSED[case]
    path = put(content)
    look = look_at(path)
    assert look.problem == ""
    assert look.proposal.given["columns"] == wanted
    assert look.staged.rejected == ()
    assert again(look, path).staged == look.staged
    settings.check(look.proposal.given, settings.load_defaults())


def test_event_types_are_weighed_by_their_words(put):
    kinds = ("page_view", "add_to_cart", "order_paid", "remove_from_cart", "wishlist", "hover")
    rows = [f"u,p,{kind},2024-01-01 10:00:0{place}" for place, kind in enumerate(kinds)]
    look = look_at(put(text("user_id,product_id,event,time", *rows)))
    given = look.proposal.given
    assert given["event_weights"] == {
        **{"add_to_cart": 3, "hover": 1, "order_paid": 5, "page_view": 1},
        **{"remove_from_cart": -1, "wishlist": 3},
    }
    assert given["click_event_types"] == ["page_view"]
    assert given["purchase_event_types"] == ["order_paid"]
    assert look.proposal.comments["event_type"] == "what do these mean: hover?"


def test_event_types_are_weighed_by_their_words_in_chinese(put):
    kinds = {"浏览": 1, "加购": 3, "收藏": 3, "购买": 5, "取消收藏": -1}
    rows = [f"u,p,{kind},2024-01-01 10:00:0{place}" for place, kind in enumerate(kinds)]
    given = look_at(put(text("用户ID,商品ID,行为类型,时间", *rows))).proposal.given
    assert given["event_weights"] == kinds
    assert given["click_event_types"] == ["浏览"]
    assert given["purchase_event_types"] == ["购买"]


ENCODED = {"cp1252": "café “x” €", "mac_roman": "Résumé “x” à", "utf-16": "кофе", "utf-8": "café"}


@pytest.mark.parametrize("encoding", ENCODED)
def test_an_encoding_is_found_out(encoding, put):
    rows = [f"u,p{n},2024-01-01,{ENCODED[encoding]}" for n in range(20)]
    content = text("user_id,product_id,event_time,title", *rows).decode().encode(encoding)
    look = look_at(put(content))
    assert look.sample.encoding == encoding
    assert look.staged.kept == 20
    (title,) = [column for column in look.columns if column.name == "title"]
    assert title.examples[0] == ENCODED[encoding]


def test_lines_before_the_header_are_found(put):
    content = b"Report of sales\n\n" + text("user_id\tproduct_id\tts", *["u\tp\t1704067200"] * 9)
    look = look_at(put(content))
    assert look.proposal.given["csv_options"] == {"skip": 2}
    assert look.staged.kept == 9


def test_what_is_rejected_has_a_count_and_an_example(put):
    rows = ["u,p,2024-01-01,1.5", "u,p,soon,1.5", ",p,2024-01-01,1.5", "u,p,2024-01-01,cheap", "u"]
    look = look_at(put(text("user_id,product_id,event_time,price", *rows)))
    assert look.staged.kept == 1
    assert {(found.reason, found.rows, found.example) for found in look.staged.rejected} == {
        ("unreadable event_time", 1, "soon"),
        ("missing user_id", 1, ""),
        ("unreadable price", 1, "cheap"),
        ("broken line: missing columns", 1, "u"),
    }


def test_sessions_clock_and_cleaning_are_those_of_the_rows(put):
    rows = [
        *("u,p,2024-01-01 10:00:01", "u,p,2024-01-01 10:00:01"),  # twice
        *("u,q,2024-01-01 10:00:01", "u,q,2024-01-01 10:30:07"),  # short stay before, repeat
        *("u,q,2024-01-01 12:00:09", "v,p,2024-01-01 10:00:03"),
    ]
    staged = look_at(put(text("user_id,product_id,event_time", *rows))).staged
    assert (staged.users, staged.products, staged.sessions, staged.clock) == (2, 2, 3, "seconds")
    assert {found.rule: found.rows for found in staged.cleaned} == {
        **{"exact duplicate": 1, "short stay": 1},
        "repeat": 2,
    }


@pytest.mark.parametrize("case", ["user_id", "product_id"])
def test_a_needed_column_that_is_not_found_is_asked_for(case, put):
    names = {"user_id": "product_id", "product_id": "user_id"}
    path = put(text(f"{names[case]},event_time,x", "a,2024-01-01,", "a,2024-01-01,"))
    look = look_at(path)
    assert look.staged is None
    assert look.proposal.missing == [case]
    assert f"# {case}: ?" in preset(look, path, "x.yml")


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "json array", "parquet"])
def test_a_large_file_is_looked_at_in_seconds(kind, put, tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "SAMPLE_BYTES", 1 << 18)
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 5000)
    rows = 300_000
    columns = {
        "user_id": [f"u{n % 999}" for n in range(rows)],
        "product_id": [f"p{n % 777}" for n in range(rows)],
        "event_time": [1704067200 + n for n in range(rows)],
    }
    path = tmp_path / "log"
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
    elif kind == "json array":
        path.write_text(json.dumps(pa.table(columns).to_pylist()))
    else:
        lines = (",".join(map(str, row.values())) for row in pa.table(columns).to_pylist())
        content = text(",".join(columns), *lines)
        path.write_bytes(gzip.compress(content, 1) if kind == "csv.gz" else content)
    began = time.monotonic()
    look = look_at(str(path))
    assert time.monotonic() - began < 5
    assert not look.sample.is_whole
    assert 1000 < look.staged.kept < 50_000
    assert look.staged.rejected == ()


def test_the_command_writes_a_preset_that_make_takes(put, tmp_path, capsys):
    path = put(text("user,item,when", "u,p,2024-01-01 10:00:01"), "it's.csv")
    target = tmp_path / "shop.yml"
    assert main([path, "--write", str(target)]) == 0
    shown = capsys.readouterr().out
    assert "1 kept, 0 rejected" in shown
    assert f"DATASET={target}" in shown
    given = yaml.safe_load(target.read_text())
    assert given["columns"]["event_time"] == "when"
    found = subprocess.run(
        [sys.executable, "-m", "longtail.build.vars"],
        cwd=ROOT,
        env={**os.environ, "DATASET": str(target), "EVENTS": path, "VARS": ""},
        capture_output=True,
        text=True,
    )
    assert json.loads(found.stdout) == {**given, "events": path}


BAD = {
    "no file": ([], "name the event files"),
    "no preset to write": (["x", "--write", "shop.txt"], "the name of a preset file ends in .yml"),
    "nothing there": (["nowhere/*.csv"], "no file matches"),
    "no such preset": (["x", "--dataset", "no.yml"], "cannot read the preset 'no.yml'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_one_line(case, capsys, monkeypatch):
    monkeypatch.delenv("EVENTS", raising=False)
    arguments, message = BAD[case]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


DAMAGED = {
    "empty": b"",
    "header only": b"user_id,product_id,event_time\n",
    "truncated gzip": gzip.compress(b"a,b\n1,2\n" * 999)[:-9],
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0",
    "half a parquet file": b"PAR1" + bytes(99),
    "half a zip file": b"PK\x03\x04" + bytes(99),
    "half a JSON array": b'[{"a": 1}, {"a"',
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_one_line(case, put, capsys):
    assert main([put(DAMAGED[case])]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
