"""docs.html: dbt's page of models, columns and lineage, with the names that analysts use.

    python -m longtail.build.docs_page WAREHOUSE

reads what `dbt docs generate` has written to target/ and writes docs.html to the warehouse.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from longtail.build.console import show
from longtail.build.database import PRIVATE_SCHEMA, is_private

TARGET = Path("target")
DATABASE = "longtail"
"""The database name of an open longtail.duckdb."""
INLINE = {
    "manifest.json": '"MANIFEST.JSON INLINE DATA"',
    "catalog.json": '"CATALOG.JSON INLINE DATA"',
}
"""The placeholders in dbt's page that `--static` fills."""


def without_tests(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Remove what would clutter the lineage and is not a table: unit tests and singular tests.

    Generic tests stay: dbt's page shows them at the columns they test, not in the lineage.
    """
    dropped = {
        *manifest["unit_tests"],
        *(
            name
            for name, node in manifest["nodes"].items()
            if node["resource_type"] == "test" and "test_metadata" not in node
        ),
    }
    maps = {
        name: {
            node: [other for other in others if other not in dropped]
            for node, others in manifest[name].items()
            if node not in dropped
        }
        for name in ("parent_map", "child_map")
    }
    nodes = {name: node for name, node in manifest["nodes"].items() if name not in dropped}
    return {**manifest, **maps, "nodes": nodes, "unit_tests": {}}


def as_published(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Name tables as longtail.duckdb does, instead of the database in which dbt works."""
    nodes = {}
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            schema = PRIVATE_SCHEMA if is_private(node["name"]) else "main"
            node = {**node, "database": DATABASE, "schema": schema}
            if node.get("compiled_code"):
                working = f'"{manifest["nodes"][name]["database"]}"."main".'
                node["compiled_code"] = node["compiled_code"].replace(working, "")
        nodes[name] = node
    return {**manifest, "nodes": nodes}


def page(template: str, manifest: Mapping[str, Any], catalog: str) -> str:
    """Return dbt's own page with the manifest and the catalogue embedded.

    Raises
    ------
    ValueError
        If dbt's page has no place for them: an unsupported version of dbt.
    """
    texts = {
        "manifest.json": json.dumps(as_published(without_tests(manifest))),
        "catalog.json": catalog,
    }
    for name, place in INLINE.items():
        if place not in template:
            raise ValueError(f"dbt's page has no place for {name}: use `dbt docs serve` instead")
        # Within a page's script "</" could end it; in JSON a slash may be escaped.
        template = template.replace(place, texts[name].replace("</", "<\\/"))
    return template


def main(arguments: Sequence[str] | None = None) -> int:
    """Write docs.html to the folder named; return the exit code."""
    (folder,) = sys.argv[1:] if arguments is None else arguments
    texts = {
        name: (TARGET / name).read_text(encoding="utf-8")
        for name in ("index.html", "manifest.json", "catalog.json")
    }
    written = Path(folder) / "docs.html"
    text = page(texts["index.html"], json.loads(texts["manifest.json"]), texts["catalog.json"])
    written.write_text(text, encoding="utf-8")
    show([f"Wrote {written}"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
