"""docs.html: the nodes of the lineage, and their names."""

import json
from pathlib import Path

import pytest
from dbt.task.docs import DOCS_INDEX_FILE_PATH

from longtail.build.docs_page import INLINE, as_published, page, without_tests

MANIFEST = {
    "nodes": {
        "model.l.products": {
            **{"resource_type": "model", "name": "products", "database": "build"},
            **{"schema": "main", "compiled_code": 'from "build"."main"."int_keys" -- </script>'},
        },
        "model.l.int_keys": {
            **{"resource_type": "model", "name": "int_keys", "database": "build"},
            **{"schema": "main", "compiled_code": None},
        },
        "test.l.unique": {"resource_type": "test", "test_metadata": {"name": "unique"}},
        "test.l.claim": {"resource_type": "test", "name": "claim"},
    },
    "unit_tests": {"unit_test.l.products.u": {}},
    "parent_map": {
        "model.l.products": ["model.l.int_keys"],
        "test.l.claim": ["model.l.products"],
        "unit_test.l.products.u": ["model.l.products"],
    },
    "child_map": {
        "model.l.products": ["test.l.unique", "test.l.claim", "unit_test.l.products.u"],
    },
}


def test_the_lineage_has_no_tests_and_columns_keep_theirs():
    found = without_tests(MANIFEST)
    assert set(found["nodes"]) == {"model.l.products", "model.l.int_keys", "test.l.unique"}
    assert found["unit_tests"] == {}
    assert found["parent_map"] == {"model.l.products": ["model.l.int_keys"]}
    assert found["child_map"] == {"model.l.products": ["test.l.unique"]}


def test_tables_have_the_names_that_analysts_use():
    nodes = as_published(MANIFEST)["nodes"]
    named = {name: (node.get("database"), node.get("schema")) for name, node in nodes.items()}
    assert named["model.l.products"] == ("longtail", "main")
    assert named["model.l.int_keys"] == ("longtail", "internal")
    assert nodes["model.l.products"]["compiled_code"].startswith('from "int_keys"')
    assert MANIFEST["nodes"]["model.l.products"]["database"] == "build"


def test_nothing_in_the_page_ends_its_script():
    made = page("<script>" + " ".join(INLINE.values()) + "</script>", MANIFEST, '{"a": "</b>"}')
    assert made.count("</") == 1
    text = made.removeprefix("<script>").removesuffix("</script>")
    manifest, end = json.JSONDecoder().raw_decode(text)
    assert "</script>" in manifest["nodes"]["model.l.products"]["compiled_code"]
    assert json.loads(text[end:]) == {"a": "</b>"}


def test_a_page_of_dbt_that_has_changed_is_said_so():
    with pytest.raises(ValueError, match=r"no place for manifest\.json"):
        page("<html></html>", MANIFEST, "{}")
    own = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    assert all(place in own for place in INLINE.values())
