"""Excel workbooks as event files and catalogues; the workbooks are written here, cell by cell."""

import sys
import zipfile
from xml.sax.saxutils import escape

import duckdb
import pytest

from longtail.build import settings
from longtail.build.event_files import describe_files
from longtail.build.file_rows import rows_of
from longtail.inspect.__main__ import main
from longtail.inspect.catalogue import look_at_catalogue
from longtail.inspect.look import look_at

pytest.importorskip("python_calamine", reason="make checks installs it")

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


class Day(float):
    """A time, as a sheet holds it: days since the end of 1899."""


def cell(value: str | float | bool | None) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    return f'<c s="{int(isinstance(value, Day))}"><v>{float(value)!r}</v></c>'


def links(*targets: tuple[str, str, str]) -> str:
    each = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in targets
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{each}</Relationships>'


@pytest.fixture
def put(tmp_path):
    """A function that writes a workbook, sheet by sheet, and returns its path."""

    def write(name: str = "orders.xlsx", **sheets: list) -> str:
        numbered = list(enumerate(sheets.items(), 1))
        names = "".join(f'<sheet name="{s}" sheetId="{n}" r:id="r{n}"/>' for n, (s, _) in numbered)
        styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
        parts = {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
            "_rels/.rels": links(("r", "officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": (
                f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
            ),
            "xl/_rels/workbook.xml.rels": links(
                *((f"r{n}", "worksheet", f"worksheets/s{n}.xml") for n, _ in numbered),
                ("styles", "styles", "styles.xml"),
            ),
            "xl/styles.xml": f"<styleSheet {MAIN}>{styles}</styleSheet>",
        }
        for number, (_, rows) in numbered:
            data = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            parts[f"xl/worksheets/s{number}.xml"] = (
                f"<worksheet {MAIN}><sheetData>{data}</sheetData></worksheet>"
            )
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
        return str(tmp_path / name)

    return write


HEAD = ["CustomerID", "StockCode", "InvoiceDate", "UnitPrice"]
# 45296.5 is noon of 2024-01-05.
ROWS = [[17850.0, "85123A", Day(45296.5), 2.55], [17851.0, 'a "cup", 1', Day(45297), 3.0]]
TEXTS = [
    ("17850", "85123A", "2024-01-05 12:00:00", "2.55"),
    ("17851", 'a "cup", 1', "2024-01-06", "3"),
]


def rows(path: str, **options) -> list[tuple]:
    """Return the rows of a file as a build reads them."""
    (file,) = describe_files([path], options)
    with duckdb.connect() as connection:
        names = ", ".join(f'"{name}"' for name in file.names)
        return connection.execute(f"select {names} from ({rows_of(file)})").fetchall()


def test_cells_are_texts_and_whole_numbers_have_no_point(put):
    path = put(Orders=[HEAD, ROWS[0], [None] * 4, ROWS[1]], Empty=[])
    found = [(*row[:2], row[2].removesuffix(" 00:00:00"), row[3]) for row in rows(path)]
    assert found == TEXTS


def test_sheets_with_the_same_header_are_one_log(put):
    path = put(**{"Year 2009": [HEAD, ROWS[0]], "Year 2010": [HEAD, ROWS[1]]})
    assert [row[0] for row in rows(path)] == ["17850", "17851"]


def test_a_sheet_is_named_where_several_differ(put):
    path = put(Orders=[HEAD, *ROWS], Returns=[["Returned", "Order"], ["Yes", "1"]])
    with pytest.raises(ValueError, match=r"has several sheets \(Orders, Returns\): name one") as e:
        rows(path)
    assert len(str(e.value).replace(path, "")) <= 300
    assert len(rows(path, sheet="Orders")) == 2
    assert rows(path, sheet="Returns") == [("Yes", "1")]
    with pytest.raises(ValueError, match="has no sheet 'Order': it has Orders, Returns"):
        rows(path, sheet="Order")
    assert settings.check({"csv_options": {"sheet": "Orders"}}, settings.load_defaults())


def test_inspect_looks_into_a_workbook(put, capsys):
    path = put(Orders=[HEAD, *ROWS])
    assert main([path]) == 0
    assert "Excel workbook, 0.0 MB on disk, a header\n" in capsys.readouterr().out
    look = look_at(path)
    assert look.problem == ""
    assert look.staged.kept == 2
    assert look.staged.first_at == "2024-01-05 12:00:00"
    assert look.proposal.given["columns"]["event_time"] == "InvoiceDate"
    catalogue = look_at_catalogue(
        put("p.xlsx", P=[["sku", "title", "available"], ["p", "Cup", True]])
    )
    assert catalogue.staged.filled == {"product_name": 1, "is_available": 1}


def test_without_the_reader_the_message_says_what_to_install(put, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert main([put(Orders=[HEAD, *ROWS])]) == 2
    error = capsys.readouterr().err
    assert (
        "save it as csv, or install its reader with .venv/bin/pip install python-calamine" in error
    )
    assert error.count("\n") == 1


def test_a_damaged_workbook_is_refused(put, tmp_path):
    path = put(Orders=[HEAD, *ROWS])
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as damaged:
        for part in archive.namelist():
            if "sheets" not in part:
                damaged.writestr(part, archive.read(part))
    with pytest.raises(ValueError, match=r"x\.xlsx' cannot be read as an Excel workbook"):
        rows(str(tmp_path / "x.xlsx"))
