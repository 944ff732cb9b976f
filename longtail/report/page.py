"""The page: template, style, scripts and data in one file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from longtail.report.collect import collect

FOLDER = Path(__file__).parent / "page"
STYLES = ("style.css", "tables.css", "map.css", "sections.css")
SCRIPTS = (
    *("elements.js", "words.js", "table.js", "catalogue.js", "charts.js"),
    *("scene.js", "labels.js", "panel.js", "gestures.js", "search.js", "map.js"),
    *(
        "overview.js",
        "week.js",
        "clusters.js",
        "models.js",
        "users.js",
        "data.js",
        "links.js",
        "main.js",
    ),
)


def build_report(database: Path, output: Path) -> None:
    """Write the report of a published build as one html file.

    The file is self-contained: no network, no server. It appears only when complete.

    Parameters
    ----------
    database
        The published ``longtail.duckdb``; it is only read.
    output
        Where to. An older file there is replaced.

    Raises
    ------
    FileNotFoundError
        If there is no such database.
    OSError
        If `output` cannot be written.
    """
    page = render(collect(Path(database)))
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f"{output.name}.partial")
    try:
        partial.write_text(page, encoding="utf-8")
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)


def render(data: dict[str, Any]) -> str:
    """Return the page that shows `data`.

    The content security policy allows only the page's own script and style, so text from the data
    is harmless even if it were parsed as markup.

    Parameters
    ----------
    data
        What `longtail.report.collect.collect` returns.

    Returns
    -------
    str
        The html.
    """
    style = "\n".join(_read(name) for name in STYLES)
    script = "\n".join(_read(name) for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}\n}})();'
    parts = {
        "style": style,
        "script": script,
        "data": json_for_html(data),
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'",
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("page.html"))


def json_for_html(data: Any) -> str:
    """Return JSON that cannot end the script element it stands in.

    Parameters
    ----------
    data
        JSON-compatible values.

    Returns
    -------
    str
        JSON with ``<``, ``>`` and ``&`` as escapes.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
