"""Bad input ends in one clear line, and leaves the published tables as they are."""

import gzip
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from dbt_shop import HEADER, ROOT, Shop
from odd_log import odd_events

LINE = "2024-01-01 10:00:00 UTC,view,p1,c1,a.b,br,1.5,u1,s1\n"
CSV = (",".join(HEADER) + "\n" + LINE).encode()


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: ["x"] * 100 for name in HEADER}), sink)
    return sink.getvalue().to_pybytes()


BAD_VARS = {
    "negative window": ({"window": -1}, "var 'window' must be a whole number"),
    "text as event weight": (
        {"event_weights": {"view": "much"}},
        "var 'event_weights' needs a number as the weight of 'view', not 'much'",
    ),
    "event types without a weight": (
        {"event_weights": {"purchase": 1}},
        "var 'click_event_types' names 'search', which has no weight in 'event_weights'",
    ),
    "p of zero": ({"p": 0}, "var 'p' must be a number above 0"),
    "unknown var": ({"windo": 3}, "there is no var 'windo': did you mean 'window'?"),
    "text as number": ({"epochs": "many"}, "var 'epochs' must be a whole number"),
    "broken expression": (
        {"columns": {"brand": "no_such_column + 1"}},
        "var 'columns', entry 'brand': 'no_such_column + 1' is not an SQL expression over ",
    ),
}
BAD_VARS |= {
    "a header of one name twice": (
        {"csv_options": {"header": ["a", "a"]}},
        "var 'csv_options' takes true, false or a list of different names as 'header'",
    ),
    "an encoding that nobody knows": (
        {"csv_options": {"encoding": "klingon"}},
        "takes an encoding that Python knows, such as cp1252 or utf-16 as 'encoding'",
    ),
    "a zone that is none": ({"timezone": "Mars"}, "var 'timezone' must be a time zone such as UTC"),
    "a query that is none": (
        {"events_sql": "delete from events"},
        "var 'events_sql' must be one query: select ... from events",
    ),
    "tables without a query": ({"event_tables": {"a": "b"}}, "query 'events_sql', which is empty"),
    "a table that is not there": (
        {"events_sql": "from events", "event_tables": {"orders": "nowhere.csv"}},
        "var 'event_tables', entry 'orders': no file matches",
    ),
}
BAD_FILES = {
    "empty": (b"", "is empty: it has neither a header nor rows"),
    "header only": (CSV.splitlines()[0], "has a header but no rows"),
    "column missing": (b"ts,sku\n1,2\n", "whose columns are ts, sku; map it with the var columns"),
    "no csv": (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a csv, JSON or parquet file"),
    "a row as header": (b"7,p1,1704067200\n", "looks like a row, not a header, such as '7'"),
    "JSON that is cut off": (b'[{"a": 1}, {"a": 2', "is damaged JSON (is it complete?)"),
    "half a zip file": (b"PK\x03\x04" + bytes(99), "truncated or damaged zip file"),
    "dates of either kind": (
        b"event_time,user_id,product_id\n01-02-24,u,p\n",
        "event_time such as '01-02-24' in",
    ),
    "truncated gzip": (gzip.compress(CSV)[:-9], "truncated or damaged gzip file: fetch it again"),
    "truncated parquet": (parquet()[:-9], "damaged parquet file (is it complete?): fetch it again"),
}


def assert_one_clear_line(outcome, message) -> None:
    assert not outcome.is_good
    assert message in outcome.end
    assert "Traceback" not in outcome.text


@pytest.mark.parametrize("case", BAD_VARS)
def test_a_bad_var_ends_in_one_clear_line(case, shop, odd_build):
    bad, message = BAD_VARS[case]
    published, state = shop.published(), (shop.warehouse / ".work" / "state.json").read_bytes()
    assert_one_clear_line(shop.dbt("build", parsed=True, **bad), message)
    assert shop.published() == published
    assert (shop.warehouse / ".work" / "state.json").read_bytes() == state


@pytest.mark.parametrize("case", [*BAD_FILES, "no file"])
def test_a_bad_file_ends_in_one_clear_line(case, shop, odd_build, tmp_path):
    content, message = BAD_FILES.get(case, (None, "no file matches"))
    path = tmp_path / "events.csv"
    if content is not None:
        path.write_bytes(content)
    published, state = shop.published(), (shop.warehouse / ".work" / "state.json").read_bytes()
    build = shop.dbt("build", "--full-refresh", parsed=True, events=str(path))
    assert_one_clear_line(build, message)
    assert shop.published() == published
    assert (shop.warehouse / ".work" / "state.json").read_bytes() == state


def test_rows_that_are_all_rejected_stop_a_build_that_has_begun(shop, odd_build):
    published = shop.published()
    shop.write([("never", *odd_events(1)[0][1:]), ("2024-01-01", "dance", *odd_events(1)[0][2:])])
    with open(shop.events, "a") as file:
        file.write("2024-01-01 10:00")
    outcome = shop.build()
    assert_one_clear_line(
        outcome,
        "every row was rejected: broken line: missing columns (1, such as '2024-01-01 10:00'), "
        "unknown event_type (1, such as 'dance'), unreadable event_time (1, such as 'never'); see",
    )
    assert "the tables of the last good build are unchanged" in outcome.text
    assert shop.published() == published
    # What did not change since may pass its tests, and still nothing new is published.
    assert "Not published yet" in shop.dbt("test", "--select", "category_levels").text
    assert shop.published() == published
    assert shop.learned() == odd_build


@pytest.mark.build
def test_target_prod_builds_no_demo_events(tmp_path):
    shop = Shop(tmp_path)
    command = ("run", "--select", "stg_raw_events", "--target", "prod")
    outcome = shop.dbt(*command, parsed=True, events="")
    assert_one_clear_line(outcome, "target prod builds no demo events: name the event files")
    assert not list((shop.warehouse / ".work").glob("*.parquet"))


@pytest.mark.build
def test_vars_of_wrong_types_survive_parsing_and_the_command_line(tmp_path):
    # dbt renders all SQL before begin_build can check a var: write `var("x") | int > 0`.
    defaults = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    wrong = {
        name: None if isinstance(default, (dict, list)) else "wrong"
        for name, default in defaults.items()
        if name not in ("demo_events", "events")
    }
    done = subprocess.run(
        [
            *(os.path.join(os.path.dirname(sys.executable), "dbt"), "build", "--no-use-colors"),
            *("--vars", json.dumps(wrong), "--target-path", tmp_path, "--log-path", tmp_path),
        ],
        cwd=ROOT,
        env={**os.environ, "LONGTAIL_WAREHOUSE": str(tmp_path / "warehouse")},
        capture_output=True,
        text=True,
        check=False,
    )
    last = [line.strip() for line in done.stdout.splitlines() if line.strip()][-1]
    assert done.returncode != 0
    assert last == "var 'columns' must be a mapping, such as {name: text}; it is None"
    assert "Traceback" not in done.stdout + done.stderr
    assert {path.name for path in (tmp_path / "warehouse").iterdir()} == {".builds", ".work"}
