"""Times of all forms: read in UTC, or refused with an example."""

import duckdb
import pytest

from longtail.build import settings
from longtail.build.event_files import describe_files
from longtail.inspect.staging import stage

pytestmark = pytest.mark.slow


def times(folder, *values: str, more: dict[str, list[str]] | None = None, **given) -> list:
    """Return the staged times of one file's values, and of other files'."""
    paths = []
    for name, held in {"a.csv": list(values), **(more or {})}.items():
        rows = [f"u,p{place},{value}" for place, value in enumerate(held)]
        (folder / name).write_text("\n".join(["user_id,product_id,event_time", *rows, ""]))
        paths.append(str(folder / name))
    checked = settings.check(given, settings.load_defaults())
    with duckdb.connect() as connection:
        stage(connection, describe_files(paths), checked)
        rows = connection.execute(
            "select coalesce(cast(event_at as varchar), reject_reason) from staged "
            "order by source_file, source_row"
        ).fetchall()
    return [value for (value,) in rows]


UNREADABLE = "unreadable event_time"
READ = {
    "seconds since 1970": (["1260759144", "788918400", "4102444799"], ["2009-12-14 02:52:24"]),
    "with a fraction": (["1260759144.25"], ["2009-12-14 02:52:24.25"]),
    "as pandas writes whole doubles": (["1260759144.0"], ["2009-12-14 02:52:24"]),
    "milliseconds": (["1433221332117"], ["2015-06-02 05:02:12.117"]),
    "microseconds": (["1704448800000001"], ["2024-01-05 10:00:00.000001"]),
    "nanoseconds": (["1704448800000001999"], ["2024-01-05 10:00:00.000001"]),
    "a date as one number is no time since 1970": (["20240105"], [UNREADABLE]),
    "nor one with hours": (["202401051000", "20240105100000"], [UNREADABLE, UNREADABLE]),
    "nor are numbers before 1995": (["1", "604800000"], [UNREADABLE, UNREADABLE]),
    "day first, by one of the rows": (
        ["08-11-16", "13-11-16", "1-2-16"],
        ["2016-11-08 00:00:00", "2016-11-13 00:00:00", "2016-02-01 00:00:00"],
    ),
    "month first, by one of the rows": (
        ["12/1/2010 8:26", "12/31/2010 18:26"],
        ["2010-12-01 08:26:00", "2010-12-31 18:26:00"],
    ),
    "dots, with and without seconds": (
        ["31.12.2019 08:26:01", "01.02.2020", "01.02.2020 10:00"],
        ["2019-12-31 08:26:01", "2020-02-01 00:00:00", "2020-02-01 10:00:00"],
    ),
    "halves of a day": (
        ["1/31/2024 8:26 PM", "1/2/2024 12:00:05 am"],
        ["2024-01-31 20:26:00", "2024-01-02 00:00:05"],
    ),
    "day first and what is none": (
        ["31/12/2019", "never", "31/31/2019", ""],
        ["2019-12-31 00:00:00", UNREADABLE, UNREADABLE, "missing event_time"],
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_time_of_this_form_is_read(case, tmp_path):
    values, wanted = READ[case]
    assert times(tmp_path, *values)[: len(wanted)] == wanted


def test_a_day_first_date_far_into_a_file_decides_for_all_its_rows(tmp_path):
    values = ["05/06/2024"] * 3000 + ["25/06/2024"]
    assert set(times(tmp_path, *values)) == {"2024-06-05 00:00:00", "2024-06-25 00:00:00"}


def test_one_file_decides_for_those_beside_it(tmp_path):
    more = {"b.csv": ["25.06.2024 10:00"], "c.csv": ["2024-06-26 10:00"]}
    found = times(tmp_path, "05.06.2024", more=more)
    assert found == ["2024-06-05 00:00:00", "2024-06-25 10:00:00", "2024-06-26 10:00:00"]


REFUSED = {
    "no day above the 12th": (["08-11-16", "01-02-16"], "no day is above the 12th"),
    "both forms": (["25/12/2024", "12/25/2024"], "both forms are there"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_dates_that_may_be_either_are_refused_with_an_example(case, tmp_path):
    values, why = REFUSED[case]
    with pytest.raises(ValueError, match="day or month first") as error:
        times(tmp_path, *values)
    message = str(error.value)
    assert why in message
    assert "event_time such as '" in message and '{event_time: "strptime(' in message
    assert len(message.replace(str(tmp_path), "")) <= 300


def test_a_mapping_decides_what_the_file_does_not(tmp_path):
    columns = {"event_time": "strptime(event_time, '%d-%m-%y')"}
    assert times(tmp_path, "08-11-16", columns=columns) == ["2016-11-08 00:00:00"]


def test_an_expression_with_such_times_is_looked_at_too(tmp_path):
    columns = {"event_time": "replace(event_time, '_', '/')"}
    assert times(tmp_path, "8_31_2016", columns=columns) == ["2016-08-31 00:00:00"]


ZONES = {
    "2024-07-01 12:00:00": "2024-07-01 10:00:00",
    "2024-01-01 12:00:00": "2024-01-01 11:00:00",
    "2024-07-01": "2024-06-30 22:00:00",
    "2024-07-01T12:00": "2024-07-01 10:00:00",
    "2024-07-01 12:00:00.5": "2024-07-01 10:00:00.5",
    "2024-07-01 12:00:00 UTC": "2024-07-01 12:00:00",
    "2024-07-01T12:00:00Z": "2024-07-01 12:00:00",
    "2024-07-01 12:00:00 +0900": "2024-07-01 03:00:00",
    "1719835200": "2024-07-01 12:00:00",
}


def test_a_time_without_a_zone_is_that_of_the_var(tmp_path):
    assert times(tmp_path, *ZONES, timezone="Europe/Berlin") == list(ZONES.values())


def test_a_day_first_time_is_that_of_the_zone_too(tmp_path):
    assert times(tmp_path, "31.07.2024 12:00", timezone="Europe/Berlin") == ["2024-07-31 10:00:00"]


def test_a_log_without_times_holds_out_a_tenth_of_the_pairs(tmp_path):
    given = {"columns": {"event_time": "none"}}
    found = times(tmp_path, *["x"] * 5000, **given)
    assert set(found) == {"2000-01-01 00:00:00", "2000-01-06 00:00:00"}
    assert 400 < found.count("2000-01-06 00:00:00") < 600
    assert times(tmp_path, *["y"] * 5000, **given) == found  # by user and product alone
