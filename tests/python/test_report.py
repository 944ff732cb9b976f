"""The report's data and file: what it holds and what it does with bad input."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from report_shop import CLOSING, make_shop

from longtail.report import build_report
from longtail.report.collect import collect
from longtail.report.page import json_for_html


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("small"), 50)


@pytest.fixture
def database(small_shop, tmp_path):
    return Path(shutil.copy(small_shop, tmp_path))


def test_data_cannot_end_its_script_element():
    text = json_for_html({"brand": CLOSING, "line": "\u2028 & <!--"})
    assert not re.search("[<>&\u2028]", text)
    assert json.loads(text) == {"brand": CLOSING, "line": "\u2028 & <!--"}


def test_report_is_one_file_that_asks_for_nothing_else(report):
    page = report.read_text(encoding="utf-8")
    markup = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.S)
    assert not re.search(r"\b(src|href)=\"(?!#)", markup)
    assert "url(" not in page and "@import" not in page
    assert page.count("<script") == 2
    assert "default-src 'none'" in page
    files = sorted(path.name for path in report.parent.iterdir())
    assert files == ["longtail.duckdb", "report.html"]


def test_report_holds_every_section(report):
    data = collect(report.parent / "longtail.duckdb")
    assert len(data["products"]["id"]) == 600
    by_evidence = (1, 2, 3, 4, 6, 7, 8, 9)
    assert data["similar"]["complement"][0][0] == [13 * rank for rank in by_evidence]
    assert len(data["clusters"]) == 40
    assert {user["kind"] for user in data["users"]} == {
        "long history", "middling history", "short history", "no history",
    }  # fmt: skip
    for section in ("metrics", "dial", "exposure", "cleaning", "rejected", "build"):
        assert data[section], section
    seen = [recommendation[4] for recommendation in data["users"][0]["recommendations"]]
    assert [place for place, word in enumerate(seen, 1) if word == "seen before"] == [2, 16]


def test_a_large_shop_fits_the_limit(large_report):
    assert large_report.stat().st_size <= 12e6
    data = collect(large_report.with_name("longtail.duckdb"))
    assert sum(value is not None for value in data["products"]["x"]) == 30_000


def test_only_the_latest_build_counts_in_exposure(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into long_tail_exposure select timestamp '2023-01-01', 'old', 1, 1, 1, 1"
        )
    assert {row["model"] for row in collect(database)["exposure"]} == {"hybrid", "popularity"}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_missing_table_does_not_stop_the_report(database, table):
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"drop table {table}")
    build_report(database, database.with_name("report.html"))
    assert database.with_name("report.html").stat().st_size > 50_000


def test_the_latest_build_comes_first(database):
    builds = collect(database)["build"]
    assert [build["build_id"] for build in builds] == ["build 2", "build 1", "build 0"]


def test_rows_are_those_of_the_latest_build(database):
    figures = collect(database)["overview"]
    names = ("events_read", "events_kept", "events_clean", "events_learned", "users_learned")
    assert [figures[name] for name in names] == [1002, 962, 900, 700, 300]


def test_a_table_kept_by_day_is_as_large_as_its_files(tmp_path):
    sizes = []
    for day in (1, 2):
        file = tmp_path / f"t.parquet/event_date=2024-01-0{day}/data.parquet"
        file.parent.mkdir(parents=True)
        duckdb.sql(f"select md5(i::varchar) from range({9000 * day}) t(i)").write_parquet(str(file))
        os.utime(file, (86400 * day, 86400 * day))
        sizes.append(file.stat().st_size)
    database = tmp_path / "longtail.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create view t as from read_parquet('{tmp_path}/t.parquet/*/*')")
    (table,) = collect(database)["tables"]
    assert (table["rows"], table["bytes"]) == (27_000, sum(sizes))
    assert table["written_at"] == "1970-01-03T00:00:00+00:00"


def test_numbers_that_are_none_do_not_break_the_page(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute("update model_metrics set value = 'nan', lower = 'inf'")
    build_report(database, database.with_name("report.html"))
    assert all(row["value"] is None for row in collect(database)["metrics"])


def test_without_a_database_there_is_a_reason_and_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="make build"):
        build_report(tmp_path / "longtail.duckdb", tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_an_older_report_survives_a_failure(database, monkeypatch):
    output = database.with_name("report.html")
    output.write_text("the older one")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        build_report(database, output)
    assert output.read_text() == "the older one"
    assert not output.with_name("report.html.partial").exists()


def test_command_line(tmp_path):
    command = [sys.executable, "-m", "longtail.report", "--warehouse", str(tmp_path)]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("No report: there is no published build")
    make_shop(tmp_path, 50)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Wrote ") and (tmp_path / "report.html").exists()
