"""The report's data and file, and its handling of bad input."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml
from dbt_shop import ROOT
from report_shop import CLOSING, SHOP, make_shop
from scipy.spatial import KDTree

from longtail.report import build_report
from longtail.report.collect import collect
from longtail.report.page import FOLDER, SCRIPTS, STYLES, json_for_html
from longtail.report.shop import QUERIES, UnreadableTableError, tables_of
from longtail.report.spread import spread

pytestmark = pytest.mark.slow


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
    assert not re.search(r"\b(src|href)=\"(?!#|docs\.html\")", markup)
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


@pytest.mark.parametrize(
    ("given", "of_products", "shown"),
    [
        ("", [None, "EUR"], "EUR"),
        ("CHF", [None, "EUR"], "CHF"),
        ("", ["USD", "EUR"], None),
        ("", [None, None], None),
    ],
)
def test_prices_have_the_currency_of_the_catalogue_unless_the_var_names_one(
    given, of_products, shown, database
):
    with duckdb.connect(str(database)) as connection:
        connection.execute("update build_info set settings = ?", [json.dumps({"currency": given})])
        for place, currency in enumerate(of_products):
            connection.execute(
                "update products set currency = ? where product_key % 2 = ?", [currency, place]
            )
    assert collect(database)["overview"]["currency"] == shown


@pytest.mark.slow
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


@pytest.mark.parametrize("table", sorted(re.findall(r"create table (\w+)", SHOP)))
def test_a_missing_table_does_not_stop_the_report(database, table):
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"drop table {table}")
    build_report(database, database.with_name("report.html"))
    assert database.with_name("report.html").stat().st_size > 50_000


def test_a_missing_table_empties_its_section_only(database):
    with duckdb.connect(str(database)) as connection:
        for table in ("product_map", "hidden_winners"):
            connection.execute(f"drop table {table}")
    data = collect(database)
    assert data["clusters"] == [] and "hidden_winners" not in data["week"]
    assert data["users"] and data["metrics"] and data["week"]["top_movers"]
    assert {at for at in data["products"]["x"]} == {None}


def broken(database: Path, table: str, content: bytes) -> None:
    """Replace a table by a view over a file with `content`."""
    file = database.with_name(f"{table}.parquet")
    with duckdb.connect(str(database)) as connection:
        connection.sql(f"from {table}").write_parquet(str(file))
        connection.execute(f"drop table {table}")
        connection.execute(f"create view {table} as from read_parquet('{file}')")
    file.write_bytes(content or file.read_bytes()[:-200])


@pytest.mark.parametrize("content", [b"", b"not parquet"])
@pytest.mark.parametrize("table", ["product_map", "top_movers", "user_recommendations"])
def test_an_unreadable_table_is_an_error_with_its_name(database, table, content):
    broken(database, table, content)
    with pytest.raises(UnreadableTableError, match=table):
        build_report(database, database.with_name("report.html"))
    assert not database.with_name("report.html").exists()


def test_a_query_names_its_tables_and_not_its_own():
    sql = """
        with a as (from shop.b), recursive_ as (select * from a join c using (i))
        select $limit, (select max(i) from d) from recursive_ where i in (select i from e)
    """
    assert tables_of(duckdb.connect(), sql) == {"b", "c", "d", "e"}


def test_the_exposure_names_what_the_report_reads():
    queries = {file.stem: file.read_text() for file in QUERIES.glob("*.sql")}
    read = set.union(*(tables_of(duckdb.connect(), sql) for sql in queries.values()))
    models = {file.stem for file in (ROOT / "models").rglob("*.sql")}
    (exposure,) = [
        entry
        for entry in yaml.safe_load((ROOT / "models/exposures.yml").read_text())["exposures"]
        if entry["name"] == "report"
    ]
    named = {reference.split("'")[1] for reference in exposure["depends_on"]}
    # A disabled model cannot be named, and that one needs impressions.
    assert (read & models) - named == {"experiment_verdicts"}


def test_the_report_and_the_documentation_lead_to_each_other(report):
    assert 'href="docs.html"' in report.read_text(encoding="utf-8")
    exposures = yaml.safe_load((ROOT / "models/exposures.yml").read_text())["exposures"]
    assert [entry["url"] for entry in exposures if entry["name"] == "report"] == ["report.html"]


@pytest.mark.parametrize(
    ("settings", "served"),
    [('{"ranker": "trees"}', "ranked"), ('{"ranker": "off"}', "hybrid"), ("{}", "hybrid")],
)
def test_the_served_model_is_the_one_of_the_build(database, settings, served):
    with duckdb.connect(str(database)) as connection:
        connection.execute("update build_info set settings = ?", [settings])
    assert collect(database)["overview"]["served"] == served


def test_dots_are_spread_until_they_can_be_told_apart():
    random = np.random.default_rng(0)
    crowd = np.repeat(random.uniform(-1, 1, (20, 2)), 50, axis=0)
    crowd[::2] += random.normal(0, 1e-3, (500, 2))  # every other dot lies on the last one
    placed = spread(crowd, 0.02)
    nearest = KDTree(placed).query(placed, k=2)[0][:, 1]
    assert (nearest > 0.01).mean() > 0.95
    # Who was in a crowd stays in it, and its middle stays.
    middles = placed.reshape(20, 50, 2).mean(axis=1)
    assert np.abs(middles - crowd.reshape(20, 50, 2).mean(axis=1)).max() < 0.05
    apart = np.array([[0.0, 0.0], [0.0, 1.0]])
    assert np.abs(spread(apart, 0.02) - apart).max() < 1e-3


def test_no_script_has_words_for_it(report):
    page = report.read_text(encoding="utf-8")
    (words,) = re.findall("<noscript>(.*?)</noscript>", page, flags=re.S)
    assert "longtail.duckdb" in words


def test_every_file_of_the_page_is_in_it_and_short():
    files = {path.name for path in FOLDER.iterdir()}
    assert files == {*STYLES, *SCRIPTS, "page.html"}
    for name in files:
        assert len((FOLDER / name).read_text().splitlines()) < 450, name


# Full deuteranopia and protanopia in linear RGB: Machado, Oliveira, Fernandes 2009, table 1.
EYES = {
    "all colours": np.eye(3),
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(hexes: list[str], eye) -> np.ndarray:
    """Return CIELAB (D65) of sRGB colours as an eye sees them, shape (n, 3)."""
    coded = np.array([[int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)] for text in hexes])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(eye).T, 0, 1)
    x, y, z = (np.cbrt(part) for part in (seen @ TO_XYZ.T / [0.95047, 1, 1.08883]).T)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", [0, 1])
def test_colours_of_groups_are_told_apart(eye, theme):
    style = (FOLDER / "style.css").read_text()
    names = ["grey", *(f"c{hue}" for hue in range(1, 10))]
    found = [re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", style) for name in names]
    seen = lab([match[1 + theme] for match in found], EYES[eye])
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)[np.triu_indices(10, 1)]
    assert apart.min() > 15


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


@pytest.mark.slow
def test_command_line(tmp_path):
    command = [sys.executable, "-m", "longtail.report", "--warehouse", str(tmp_path)]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("No report: there is no published build")
    make_shop(tmp_path, 50)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Wrote ") and (tmp_path / "report.html").exists()
