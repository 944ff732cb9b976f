"""A daily refresh equals a full build of the same files."""

import gzip
import os
from datetime import datetime

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from dbt_shop import parsed_for
from nightly_shop import (
    BY_DAY,
    DAYS,
    TABLES,
    TOO_LATE,
    Nights,
    assert_same,
    events_of,
    given_back,
)

from longtail.build import days as kept_days
from longtail.build import event_files


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Nights:
    """All days, built at once."""
    nights = Nights(tmp_path_factory.mktemp("full"))
    nights.refresh()
    return nights


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory) -> Nights:
    """All days but the last two, built at once and never changed."""
    nights = Nights(tmp_path_factory.mktemp("yesterday"), range(DAYS - 2))
    nights.refresh()
    return nights


@pytest.fixture
def nights(yesterday):
    """The shop of yesterday, restored after each test."""
    yield from given_back(yesterday)


def test_the_log_has_what_makes_a_refresh_hard(full):
    file = f"read_parquet('{full.work}/int_events_flagged.parquet')"
    sessions = duckdb.sql(f"select count(distinct event_at::date) from {file} group by session_id")
    days = [row[0] for row in sessions.fetchall()]
    assert days.count(2) > 5
    assert max(days) == DAYS - 3
    assert "crawler" in [row[0] for row in full.rows_of("int_robots")]
    assert len(full.rows_of("product_edges")) > 50


def test_day_after_day_gives_what_a_full_build_gives(nights, full):
    assert "crawler" not in [row[0] for row in nights.rows_of("int_robots")]
    for day in range(DAYS - 2, DAYS):
        nights.write(f"day{day}.csv", events_of(day))
        text = nights.refresh()
        assert f"Reading 1 of {day + 1} event files" in text
    assert_same(nights.tables(), full.tables())


def test_days_before_the_first_open_session_stay_the_same_files(nights):
    before = {table: nights.files(table) for table in BY_DAY}
    nights.write(f"day{DAYS - 2}.csv", events_of(DAYS - 2))
    nights.refresh()
    kept = {table: before[table].items() & nights.files(table).items() for table in BY_DAY}
    days = dict.fromkeys(BY_DAY[:4], DAYS - 2) | dict.fromkeys(BY_DAY[4:], 3)
    assert {table: len(files) for table, files in kept.items()} == days


def test_nothing_new_changes_nothing(nights, monkeypatch):
    before = {table: nights.files(table) for table in BY_DAY}
    tables = nights.tables()
    os.utime(nights.folder / "day1.csv")
    assert f"Reading 0 of {DAYS - 2} event files" in nights.refresh()
    assert {table: nights.files(table) for table in BY_DAY} == before
    assert_same(nights.tables(), tables)
    # The file that was touched is known by its new time: it is not read a second time.
    monkeypatch.setattr(event_files, "describe", None)
    assert f"Reading 0 of {DAYS - 2} event files" in nights.refresh()


def test_late_events_are_taken_up_to_the_lookback(nights):
    late = [
        (f"2024-01-0{day} 13:00:00 UTC", "view", "p1", "c", "a.b", "x", 5, "u1", "late")
        for day in (1, 2, 3, 4)
    ]
    nights.write("day5.csv.gz", events_of(5) + late)
    nights.refresh()
    rejected = [row for row in nights.rows_of("rejected_events") if row[4] == TOO_LATE]
    assert len(rejected) == 2
    total = len(nights.rows_of("stg_events")) + len(nights.rows_of("rejected_events"))
    assert total == sum(len(events_of(day)) for day in range(6)) + len(late)
    found = nights.tables()
    nights.write("day5.csv.gz", events_of(5) + late[2:])
    nights.refresh("--full-refresh")
    expected = nights.tables()
    for name in set(TABLES) - {"rejected_events", "cleaning_report", "stg_events"}:
        assert found[name] == expected[name], name


def test_a_changed_file_replaces_its_rows(nights):
    nights.write("day2.csv", events_of(2)[40:] + events_of(9)[:9])
    nights.write("day3.csv", events_of(2)[:1])
    text = nights.refresh()
    assert "day2.csv has changed: its rows are replaced" in text
    assert "Reading 2 of 5 event files" in text
    found = nights.tables()
    nights.refresh("--full-refresh")
    assert_same(nights.tables(), found)


def test_events_of_a_vanished_file_stay_until_a_full_refresh(nights):
    tables = nights.tables()
    (nights.folder / "day0.csv").unlink()
    assert "1 file of earlier builds not among those that EVENTS names" in nights.refresh()
    assert_same(nights.tables(), tables)
    nights.refresh("--full-refresh")
    assert len(nights.rows_of("stg_events")) < len(tables["stg_events"])
    assert not any("day0" in name for name in nights.files_read())


def test_new_files_alone_are_refused_unless_they_are_to_be_appended(nights, full):
    for day in (5, 6):
        nights.write(f"day{day}.csv", events_of(day))
    new_days = str(nights.folder / "day[56].csv")
    tables, state = nights.tables(), (nights.work / "state.json").read_bytes()
    refused = nights.run(events=new_days)
    assert not refused.is_good
    assert "EVENTS names no file of earlier builds (5, such as " in refused.end
    assert "append_events: true, to drop them give --full-refresh" in refused.end
    assert_same(nights.tables(), tables)
    assert (nights.work / "state.json").read_bytes() == state
    nights.refresh(events=new_days, append_events=True)
    assert_same(nights.tables(), full.tables())
    (nights.folder / "other.csv").write_bytes((nights.folder / "day3.csv").read_bytes())
    nights.refresh("--full-refresh", events=str(nights.folder / "other.csv"))
    assert nights.files_read() == {"other.csv"}


def test_yesterdays_file_compressed_or_renamed_in_place_is_the_same(nights, full):
    day4 = (nights.folder / "day4.csv").read_bytes()
    (nights.folder / "day4.csv.gz").write_bytes(gzip.compress(day4))
    (nights.folder / "day4.csv").unlink()
    (nights.folder / "day0.csv").rename(nights.folder / "day0-done.csv")
    for day in (5, 6):
        nights.write(f"day{day}.csv", events_of(day))
    text = nights.refresh()
    assert "Reading 2 of 7 event files" in text
    assert "2 files of earlier builds under another name" in text
    # Rows hold the file name under which they were read.
    assert_same(nights.tables(), full.tables())


def test_a_user_who_is_erased_from_every_file_is_in_no_table(nights):
    assert "'owl'" in nights.everything()
    for day in range(DAYS - 2):
        (nights.folder / f"day{day}.csv").unlink()
        name = f"day{day}.csv" if day % 2 else f"day{day}.csv.gz"
        nights.write(name, [row for row in events_of(day) if row[7] != "owl"])
    text = nights.refresh()
    assert f"{nights.folder}/day0.csv.gz takes the place of {nights.folder}/day0.csv" in text
    assert f"{nights.folder}/day1.csv has changed" in text
    everything = nights.everything()
    assert "'awake'" in everything
    assert "owl" not in everything
    found = nights.tables()
    nights.refresh("--full-refresh")
    assert_same(nights.tables(), found)


@pytest.mark.parametrize("part", [("--empty",), ("--sample", "2 days")])
def test_a_run_of_a_part_of_the_rows_stages_no_file(part, nights, full):
    nights.write("day5.csv", events_of(5))
    state = (nights.work / "state.json").read_bytes()
    refused = nights.run(*part)
    assert not refused.is_good
    assert f"{part[0]} builds tables of a part of the rows" in refused.end
    assert (nights.work / "state.json").read_bytes() == state
    nights.write("day6.csv", events_of(6))
    nights.refresh()
    assert_same(nights.tables(), full.tables())


def test_demo_events_do_not_take_the_place_of_a_shops(nights):
    tables, state = nights.tables(), (nights.work / "state.json").read_bytes()
    refused = nights.run(parsed=True, events="")
    assert not refused.is_good
    assert "holds a shop's events, not demo events: name the event files" in refused.end
    assert_same(nights.tables(), tables)
    assert (nights.work / "state.json").read_bytes() == state


def test_targets_are_ids_like_those_of_the_log(nights):
    path = nights.folder / "targets.csv"
    path.write_text("user_id,product_id\n u1 , p1 \nundefined,p1\nu2,NULL\nstranger,p2\n")
    nights.refresh(select=("+int_targets",), targets=str(path))
    targets = duckdb.sql(
        f"""
        select user_id, product_id
        from read_parquet('{nights.work}/int_targets.parquet')
        left join read_parquet('{nights.work}/int_user_keys.parquet') using (user_key)
        left join read_parquet('{nights.work}/int_product_keys.parquet') using (product_key)
        order by all
        """
    )
    assert targets.fetchall() == [("u1", "p1"), (None, "p2")]


def test_a_changed_var_makes_its_tables_anew(nights, full):
    for day in (5, 6):
        nights.write(f"day{day}.csv", events_of(day))
    nights.refresh(window=2, min_stay_seconds=0, graph_cutoff="2023-12-31")
    assert nights.rows_of("int_daily_pairs") == []
    empty = duckdb.sql(f"from read_parquet('{nights.work}/int_daily_pairs.parquet')")
    assert set(empty.columns) >= {"session_date", "product_key_a", "pair_weight"}
    assert "Reading 0 of 7" in nights.refresh()
    assert_same(nights.tables(), full.tables())


def test_changed_rules_of_staging_need_every_file(nights):
    (nights.folder / "day0.csv").rename(nights.folder / "old_day0.csv")
    outcome = nights.run(earliest_event_at="2024-01-03")
    assert not outcome.is_good
    assert "day0.csv', are not among those that EVENTS names: name all" in outcome.text
    (nights.folder / "old_day0.csv").rename(nights.folder / "day0.csv")
    text = nights.refresh(earliest_event_at="2024-01-03")
    assert (
        "rules of staging have changed (a var, a model, event_tables): all event files are read"
        in text
    )
    assert min(row[0] for row in nights.rows_of("int_timeline")) >= datetime(2024, 1, 3)


@pytest.mark.parametrize(
    ("table", "moment"),
    [
        ("stg_events", "save_state"),
        ("int_events_flagged", "os.rename"),
        ("int_daily_pairs", "collect_days"),
    ],
)
def test_a_refresh_that_broke_off_is_finished_by_the_next(nights, full, table, moment, monkeypatch):
    for day in (5, 6):
        nights.write(f"day{day}.csv", events_of(day))
    break_off(monkeypatch, table, moment)
    assert not nights.run().is_good
    monkeypatch.undo()
    nights.refresh()
    assert_same(nights.tables(), full.tables())


def test_days_that_a_corrected_file_has_left_are_made_again_after_a_break(nights, monkeypatch):
    nights.write("day2.csv", events_of(4)[40:])
    break_off(monkeypatch, "stg_events", "save_state")
    assert not nights.run().is_good
    monkeypatch.undo()
    nights.refresh()
    found = nights.tables()
    nights.refresh("--full-refresh")
    assert_same(nights.tables(), found)


def test_a_var_that_is_put_back_after_a_break_leaves_no_trace(nights, monkeypatch):
    tables = nights.tables()
    break_off(monkeypatch, "int_daily_pairs", "save_state")
    assert not nights.run(window=2).is_good
    monkeypatch.undo()
    nights.refresh()
    assert_same(nights.tables(), tables)


def test_rules_by_which_every_row_is_rejected_lose_nothing_when_they_are_put_back(nights):
    tables = nights.tables()
    wrong = nights.run(event_weights={"look": 1}, click_event_types=[], purchase_event_types=[])
    assert "every row was rejected: unknown event_type" in wrong.text
    text = nights.refresh()
    assert "The last build was interrupted while it staged all events" in text
    assert_same(nights.tables(), tables)


def test_a_file_whose_append_broke_off_is_not_forgotten(nights, full, monkeypatch):
    one_by_one = {"append_events": True}
    nights.write("day5.csv", events_of(5))
    break_off(monkeypatch, "stg_events", "collect_days")
    day5 = str(nights.folder / "day5.csv")
    assert not nights.run(events=day5, **one_by_one).is_good
    monkeypatch.undo()
    nights.write("day6.csv", events_of(6))
    day6 = str(nights.folder / "day6.csv")
    (nights.folder / "day5.csv").rename(nights.folder / "aside")
    assert "which was removed: put it back" in nights.run(events=day6, **one_by_one).text
    (nights.folder / "aside").rename(nights.folder / "day5.csv")
    assert "day5.csv is read as well" in nights.refresh(events=day6, **one_by_one)
    assert_same(nights.tables(), full.tables())


def test_an_event_of_a_fast_clock_makes_no_later_day_late(nights):
    fast = [("2024-03-01 12:00:00 UTC", "view", "p1", "c", "a.b", "x", 5, "u1", "fast")]
    nights.write("day5.csv", events_of(5) + fast)
    nights.refresh()
    nights.write("day6.csv", events_of(6))
    nights.refresh()
    assert TOO_LATE not in {row[4] for row in nights.rows_of("rejected_events")}


def test_other_code_of_the_keys_makes_the_days_that_hold_them_anew(nights, monkeypatch):
    before = nights.files("int_events_flagged"), nights.files("int_user_days")
    command = ("run", "--select", "int_user_days", "int_events_flagged")
    assert nights.shop.dbt(*command, **nights.vars).is_good
    assert (nights.files("int_events_flagged"), nights.files("int_user_days")) == before

    def parsed_with_other_code(*arguments):
        manifest = parsed_for(*arguments)
        manifest.nodes["model.longtail.int_user_keys"].checksum.checksum = "other"
        manifest.build_flat_graph()
        return manifest

    monkeypatch.setattr("dbt_shop.parsed_for", parsed_with_other_code)
    assert nights.shop.dbt(*command, **nights.vars).is_good
    assert not nights.files("int_events_flagged").items() & before[0].items()
    assert nights.files("int_user_days") == before[1]


def break_off(monkeypatch, table: str, moment: str) -> None:
    """End the build just before it collects, exchanges or records the days of a table."""
    module, name = (os, "rename") if moment == "os.rename" else (kept_days, moment)
    original = getattr(module, name)

    def broken(*arguments, **named):
        # The second rename: the old days are gone and the new ones not there yet.
        concerned = str(arguments[0]).endswith(f"{table}.parquet.new") or table in arguments[1:2]
        if concerned and (moment != "save_state" or "days" in named):
            raise OSError("power cut")
        return original(*arguments, **named)

    monkeypatch.setattr(module, name, broken)


def test_rejected_rows_survive_a_build_that_failed_after_them(nights, full):
    nights.write("day5.csv", events_of(5))
    assert nights.run(select=("+rejected_events",)).is_good
    nights.write("day6.csv", events_of(6))
    nights.refresh()
    assert_same(nights.tables(), full.tables())


def test_any_reader_takes_the_folder_for_one_table(nights):
    rows = len(nights.rows_of("stg_events"))
    path = nights.work / "stg_events.parquet"
    assert sorted(folder.name for folder in path.iterdir())[0] == "event_date=2024-01-01"
    assert len(pd.read_parquet(path)) == pq.read_table(path).num_rows == rows
    found = duckdb.sql(f"select count(*), typeof(any_value(event_date)) from '{path}'").fetchall()
    assert found == [(rows, "DATE")]


def test_days_are_taken_together_up_to_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_days, "MANY_ROWS", 10)
    days = {
        f"2024-01-0{day}": {"version": "", "rows": rows}
        for day, rows in enumerate([4, 4, 4, 30, 1, 1], start=1)
    }
    (tmp_path / "t.parquet").mkdir()
    kept_days.save_state(tmp_path, "t", days=days)
    assert kept_days.batches_of_days(tmp_path, "t", kept_days.BEGINNING) == [
        ("2024-01-01", "2024-01-02"),
        ("2024-01-03", "2024-01-03"),
        ("2024-01-04", "2024-01-04"),
        ("2024-01-05", "2024-01-06"),
    ]
    assert kept_days.batches_of_days(tmp_path, "t", "2024-01-06") == [("2024-01-06", "2024-01-06")]
    assert kept_days.batches_of_days(tmp_path, "t", "2024-02-01") == [("2024-02-01", "9999-12-31")]
    assert kept_days.rows_since(tmp_path, "t", "2024-01-04") == 32
