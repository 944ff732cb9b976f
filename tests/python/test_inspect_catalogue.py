"""Findings of inspect about product catalogues, and presets that read them."""

import json
from collections.abc import Callable

import pytest
import yaml

from longtail.build import vars
from longtail.inspect.__main__ import main
from longtail.inspect.catalogue import look_at_catalogue
from longtail.inspect.preset import with_catalogue

pytestmark = pytest.mark.slow


@pytest.fixture
def put(tmp_path) -> Callable[..., str]:
    """A function that writes a file and returns its path."""

    def write(content: bytes, name: str = "products.csv") -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


def text(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


# Content; the mapping that is proposed, a column of the same name left out; what is filled.
PROPOSED = {
    "canonical names": (
        text("product_id,product_name,price,stock", "p,Cup,1.5,3"),
        {},
        {"product_name": 1, "price": 1, "stock": 1},
    ),
    "a shopping feed": (
        text(
            "id\ttitle\tlink\timage_link\tprice\tavailability\tbrand\tproduct_type",
            "1\tCup\thttps://x.example/1\thttps://x.example/1.png\t9.50 EUR\tin_stock\tb\tA > B",
            "2\tMug\thttps://x.example/2\thttps://x.example/2.png\t8.50 EUR\tout_of_stock\tb\tA",
        ),
        {
            **{"product_id": "id", "product_name": "title", "url": "link"},
            **{"image_url": "image_link", "is_available": "availability"},
            "category_code": "product_type",
        },
        {
            **{"product_name": 2, "url": 2, "image_url": 2, "price": 2, "currency": 2},
            **{"category_code": 2, "brand": 2, "is_available": 2},
        },
    ),
    "a shop's export": (
        text(
            "SKU;Name;Regular price;Stock;Stock status;Category;Subcategory",
            "S-1;Cup;9.5;4;instock;Kitchen;Cups",
            "S-2;Mug;8.5;0;onbackorder;Kitchen;",
        ),
        {
            **{"product_id": "SKU", "product_name": "Name", "price": "Regular price"},
            "is_available": "Stock status",
            "category_code": (
                "concat_ws(' > ', nullif(trim(\"Category\"), ''), "
                "nullif(trim(\"Subcategory\"), ''))"
            ),
        },
        {"product_name": 2, "price": 2, "category_code": 2, "is_available": 2, "stock": 2},
    ),
    "several categories in one": (
        text("movieId,title,genres", "1,Toy Story (1995),Adventure|Comedy", "2,Heat (1995),Crime"),
        {
            **{"product_id": "movieId", "product_name": "title"},
            "category_code": "split_part(\"genres\", '|', 1)",
        },
        {"product_name": 2, "category_code": 2},
    ),
    "ids that only their content tells": (
        text("what,ref,title", "x,r1,Cup", "x,r2,Mug"),
        {"product_id": "ref", "product_name": "title"},
        {"product_name": 2},
    ),
    "JSON": (
        json.dumps([{"sku": "a", "name": "Cup", "vendor": "v", "tags": ["x"]}]).encode(),
        {"product_id": "sku", "product_name": "name", "brand": "vendor"},
        {"product_name": 1, "brand": 1},
    ),
}


@pytest.mark.parametrize("case", PROPOSED)
def test_columns_are_mapped_by_name_and_content(case, put, tmp_path):
    content, wanted, filled = PROPOSED[case]
    path = put(content)
    look = look_at_catalogue(path)
    assert look.problem == ""
    assert look.proposal.given["catalogue_columns"] == wanted
    assert look.staged.rejected == ()
    assert look.staged.filled == filled
    preset = put(with_catalogue("# x\n", look.proposal).encode(), "shop.yml")
    given = vars.merge(preset, "", "events.csv", products=path)
    assert look_at_catalogue(path, given).staged == look.staged


def test_the_key_is_the_column_that_holds_the_products_of_the_events(put):
    path = put(text("id,code,title", "1,c1,Cup", "2,c2,Mug", "3,c3,Jug"))
    by_events = look_at_catalogue(path, event_products={"c1", "c3", "c9"})
    assert by_events.proposal.given["catalogue_columns"]["product_id"] == "code"
    assert by_events.staged.shared == 2
    assert look_at_catalogue(path).proposal.given["catalogue_columns"]["product_id"] == "id"
    assert look_at_catalogue(path).staged.shared is None


def test_what_is_rejected_or_not_available_is_counted(put):
    rows = ["p1,1.5,3,2020-01-01", "p1,1.5,0,2020-01-01", "p2,cheap,,", ",1,,", "p3,2,1,2999-01-01"]
    staged = look_at_catalogue(put(text("sku,price,stock,available_from", *rows, "p4"))).staged
    assert (staged.kept, staged.unavailable) == (2, 2)
    assert {(found.reason, found.rows, found.example) for found in staged.rejected} == {
        ("product_id again in a later row", 1, "p1"),
        ("unreadable price", 1, "cheap"),
        ("missing product_id", 1, ""),
        ("broken line: missing columns", 1, "p4"),
    }


def test_a_catalogue_in_another_encoding_without_a_header_is_read(put):
    rows = [f"{n};Café {n};9,50" for n in range(20)]
    path = put("\n".join(rows).encode("cp1252"))
    look = look_at_catalogue(path)
    assert look.proposal.given["catalogue_csv_options"] == {"encoding": "cp1252", "header": False}
    assert look.proposal.given["catalogue_columns"]["product_id"] == "column1"


EVENTS = text("user_id,product_id,event_time", "u,p1,2024-01-01 10:00:01", "u,p2,2024-01-01 11:00")


def test_make_takes_the_preset_for_events_and_catalogue(put, tmp_path, capsys):
    events, products = put(EVENTS, "log.csv"), put(text("sku,title", "p1,Cup", "p3,Mug"))
    target = str(tmp_path / "shop.yml")
    assert main([events, "--products", products, "--write", target]) == 0
    shown = capsys.readouterr().out
    assert "in the events    1 of the 2 products seen there" in shown
    assert f"EVENTS='{events}' PRODUCTS='{products}' DATASET={target}" in shown
    given = vars.merge(target, "", events, products=products)
    assert given["catalogue_columns"] == {"product_id": "sku", "product_name": "title"}
    assert given["columns"] == {"event_type": "'view'"}


def test_a_catalogue_alone_is_added_to_the_preset_that_is_there(put, tmp_path):
    events, target = put(EVENTS, "log.csv"), tmp_path / "shop.yml"
    assert main([events, "--write", str(target)]) == 0
    before = target.read_text() + "# mine\nwindow: 3\n"
    target.write_text(before)
    for header in ("sku,title", "ean,name"):  # the second in place of the first
        products = put(text(header, "p1,Cup", "p3,Mug"))
        assert main(["--products", products, "--write", str(target)]) == 0
        after = target.read_text()
        assert after.startswith(before)
        key, name = header.split(",")
        assert yaml.safe_load(after)["catalogue_columns"] == {
            "product_id": key,
            "product_name": name,
        }


BAD = {
    "nothing named": ([], b"", "name the event files (make: EVENTS=) or a catalogue"),
    "no file": (["--products", "nowhere*.csv"], b"", "no file matches 'nowhere*.csv'"),
    "header only": (["--products", "FILE"], b"sku,title\n", "has no rows"),
    "a picture": (["--products", "FILE"], b"\x89PNG\r\n\x1a\n\0\0\0", "is not a csv, JSON or"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_one_line(case, put, capsys, monkeypatch):
    for name in ("EVENTS", "PRODUCTS"):
        monkeypatch.delenv(name, raising=False)
    arguments, content, message = BAD[case]
    path = put(content)
    assert main([path if word == "FILE" else word for word in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_catalogue_without_a_key_says_so(put, capsys):
    path = put(text("price,stock", "1.5,2", "1.5,3"))
    assert main(["--products", path]) == 0
    shown = capsys.readouterr().out
    assert "product_id       <- ?" in shown
    assert "# catalogue_columns: {product_id: ?}" in shown
