"""Each preset of datasets/ on made-up files in the shape of its log."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest
from preset_catalogues import CATALOGUES, RETAILROCKET, SIDE_FILES
from preset_logs import CASES

from longtail.build import catalogue_files, query, settings
from longtail.build.event_files import describe_files, find_files
from longtail.build.vars import PRESETS, load_preset
from longtail.inspect.look import look_at
from longtail.inspect.staging import catalogue_sql, stage

pytestmark = pytest.mark.slow


@pytest.fixture
def files(request, tmp_path) -> str:
    """The path of a made-up event file, with its side files beside it."""
    contents, *_ = CASES[request.param]
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return str(tmp_path / next(iter(contents)))


def test_every_preset_is_tested():
    assert {path.stem for path in Path(PRESETS).glob("*.yml")} == set(CASES)


@pytest.mark.parametrize(("files", "preset"), [(name, name) for name in CASES], indirect=["files"])
def test_a_preset_reads_its_log(files, preset):
    _, kept, rejected, first = CASES[preset]
    given = settings.check(load_preset(preset), settings.load_defaults())
    found = describe_files(find_files(files), given["csv_options"])
    if given["events_sql"]:
        tables = query.side_tables(given["event_tables"], files, given["csv_options"])
        found = query.queried(found, given["events_sql"], tables)
    with duckdb.connect() as connection:
        staged = stage(connection, found, given)
        row = connection.execute(
            """
            select cast(event_at as varchar), event_type, product_id, user_id, price, event_weight
            from staged where reject_reason is null
            order by event_at, product_id, event_type limit 1
            """
        ).fetchone()
        if first[0] is None:  # made up by the product
            rows = connection.execute(
                "select null, event_type, product_id, user_id, price, event_weight from staged"
            ).fetchall()
            row = first if first in rows else rows
    assert staged.kept == kept
    assert {found.reason: found.rows for found in staged.rejected} == rejected
    assert row == first


@pytest.mark.parametrize(("files", "preset"), [(name, name) for name in CASES], indirect=["files"])
def test_a_log_is_known_by_its_columns(files, preset):
    look = look_at(files)
    assert look.shape is not None
    assert look.shape.preset == preset
    assert look.problem == ""
    assert look.staged.kept == CASES[preset][1]
    assert Counter({found.reason: found.rows for found in look.staged.rejected}) == CASES[preset][2]


def test_every_mapping_of_a_catalogue_is_tested():
    mapped = {path.stem for path in Path(PRESETS).glob("*.yml")}
    assert {name for name in mapped if "catalogue_columns" in load_preset(name)} == set(CATALOGUES)


def catalogue_rows(columns: str, given: dict) -> list[tuple]:
    """Return columns of the staged rows of the catalogue that the vars name, by product."""
    given = settings.check(given, settings.load_defaults())
    files = catalogue_files.describe_catalogue(given)
    files = catalogue_files.queried_catalogue(files, given)
    rows = catalogue_files.catalogue_sql(files, given["catalogue_columns"])
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} from ({catalogue_sql(rows, given)}) order by product_id"
        ).fetchall()


@pytest.mark.parametrize("preset", CATALOGUES)
def test_a_preset_reads_its_catalogue(preset, tmp_path):
    content, first = CATALOGUES[preset]
    (tmp_path / "products").write_bytes(content)
    for name, side in SIDE_FILES.get(preset, {}).items():
        (tmp_path / name).write_bytes(side)
    given = {**load_preset(preset), "catalogue": str(tmp_path / "products*")}
    columns = "product_id, product_name, category_id, category_code, brand, reject_reason"
    assert catalogue_rows(columns, given) == [(*first, None)]


def test_retailrocket_products_are_what_their_properties_last_were(tmp_path):
    for name, content in RETAILROCKET.items():
        (tmp_path / name).write_bytes(content)
    pattern = str(tmp_path / "item_properties_part*.csv")
    given = {**load_preset("retailrocket"), "catalogue": pattern}
    columns = "product_id, category_id, category_code, is_available, reject_reason"
    assert catalogue_rows(columns, given) == [
        ("206783", "1509", "140.1116.1509", False, None),
        ("396000", "9999", "9999", None, None),
        ("460429", "1338", "1338", True, None),
    ]
