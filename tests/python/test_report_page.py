"""The report in a browser: every section with its words, figures and controls."""

import base64

import duckdb
import pytest
from report_shop import CLOSING, HOSTILE

from longtail.report import build_report

DRAWN = """(() => {
    const { scene } = longtail.map;
    scene.draw();
    const pixels = new Uint8Array(4 * scene.canvas.width * scene.canvas.height);
    scene.gl.readPixels(0, 0, scene.canvas.width, scene.canvas.height,
        scene.gl.RGBA, scene.gl.UNSIGNED_BYTE, pixels);
    const colours = new Set();
    let drawn = 0;
    for (let i = 0; i < pixels.length; i += 4) {
        if (pixels[i + 3] > 200) { drawn += 1; colours.add(pixels.slice(i, i + 3).join()); }
    }
    return [drawn, colours.size];
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_map_is_drawn_without_complaints(browser, report, scheme):
    browser.open(report, scheme)
    drawn, colours = browser.ask(DRAWN)
    assert drawn > 2_000 and colours > 5
    assert browser.complaints() == []


def test_texts_of_the_data_stay_texts(browser, report):
    browser.open(report)
    browser.ask("longtail.map.choose(1)")
    assert browser.ask("document.getElementById('chosen').textContent") == CLOSING
    browser.ask("longtail.map.choose(0)")
    assert HOSTILE in browser.ask("document.getElementById('chosen').textContent")
    for way in ("brand", "cluster"):
        browser.ask(f"longtail.map.way = '{way}'; longtail.map.choose(-1); longtail.map.regroup()")
        assert HOSTILE in browser.ask("document.getElementById('side').textContent")
    for section in ("quality-body", "build-body", "users-body"):
        assert HOSTILE in browser.ask(
            f"document.getElementById('{section}').textContent"
            f" + [...document.querySelectorAll('#{section} option')].map((o) => o.value).join()"
        )
    assert browser.ask("document.querySelectorAll('img, script').length") == 2
    assert browser.complaints() == []


def test_the_explorer_says_what_a_user_has_seen(browser, report):
    browser.open(report)
    lines = browser.ask(
        "[...document.querySelectorAll('.recommended small')].map((line) => line.textContent)"
    )
    assert lines[0].startswith("because of view of ")
    assert lines[1] == f"seen before, {lines[0]}"
    assert lines[14:16] == ["popular in shop", "seen before, popular in shop"]


def test_click_on_a_dot_lists_and_marks_similar_products(browser, report):
    browser.open(report)
    browser.ask("document.getElementById('map').scrollIntoView({behavior: 'instant'})")
    # a dot whose own place picks it: others may lie on top of some
    x, y, product = browser.ask("""(() => {
        const { scene } = longtail.map;
        const box = scene.canvas.getBoundingClientRect();
        scene.draw();
        for (let i = 0; i < scene.count; i += 1) {
            const [x, y] = longtail.map.at(i);
            const inside = x > 9 && y > 9 && x < scene.width - 9 && y < scene.height - 9
                && box.top + y > 80 && box.top + y < innerHeight - 9;
            if (inside && scene.pick(x, y) === i) return [box.left + x, box.top + y, i];
        }
    })()""")
    browser.click(x, y)
    assert browser.ask("longtail.map.chosen") == product
    title = browser.ask("document.getElementById('chosen').textContent")
    assert title == browser.ask(f"longtail.catalogue.title({product})")
    for relation in ("substitute", "complement"):
        listed = browser.ask(f"document.querySelectorAll('[data-relation={relation}] li').length")
        assert listed == 8
    browser.press("[data-relation=substitute] button")
    assert browser.ask("longtail.map.chosen") == (product + 40) % 600
    browser.press("#unchoose")
    assert browser.ask("longtail.map.chosen") == -1
    assert browser.complaints() == []


def test_one_word_for_each_count_of_rows(browser, report):
    browser.open(report)
    assert browser.ask("document.getElementById('lead').textContent") == (
        "Learned from 700 events of 300 people between 1 January 2024 and 29 January 2024. The "
        "log has 1,002 rows: 962 were kept, 900 are clean, and what came after the cut tests the "
        "models."
    )
    note = browser.ask("document.querySelector('#users-body .note').textContent")
    assert note == (
        "234 users, chosen by hash: 75 with long history, 75 with middling history, "
        "20 with no history, 64 with short history."
    )


def test_search_finds_a_product(browser, report):
    browser.open(report)
    browser.ask("document.getElementById('search').focus()")
    browser.call("Input.insertText", text="p123")
    assert browser.ask("document.querySelector('#results li').textContent").count("p123")
    browser.press("#results li")
    assert browser.ask("longtail.catalogue.columns.id[longtail.map.chosen]") == "p123"
    browser.ask("document.getElementById('search').focus()")
    browser.call("Input.insertText", text="no such thing")
    assert browser.ask("document.getElementById('results').textContent") == "Nothing found"
    assert browser.complaints() == []


def test_controls_work(browser, report):
    browser.open(report)
    browser.press("#dimensions [data-value='3']")
    browser.wait("longtail.map.scene.view.depth === 1")
    assert browser.ask(DRAWN)[0] > 2_000
    before = browser.ask("getComputedStyle(document.body).backgroundColor")
    browser.press("#theme")
    assert browser.ask("getComputedStyle(document.body).backgroundColor") != before
    for way in ("2", "3", "brand", "cluster", "popularity"):
        browser.ask(
            "(() => { const list = document.querySelector('#map-controls select');"
            f" list.value = '{way}'; list.dispatchEvent(new Event('change')); }})()"
        )
        assert browser.ask("document.querySelector('#side h3').textContent")
    first = browser.ask("document.getElementById('user').value")
    browser.press("#next-user")
    assert browser.ask("document.getElementById('user').value") != first
    assert browser.complaints() == []


def test_thirty_thousand_dots(browser, large_report):
    browser.open(large_report)
    assert browser.ask("longtail.map.scene.count") == 30_000
    assert browser.ask(DRAWN)[0] > 5_000
    assert browser.complaints() == []


def test_models_and_builds_are_shown(browser, report):
    browser.open(report)
    assert browser.ask("document.querySelectorAll('#models-body .interval').length") == 3
    assert browser.ask("document.querySelectorAll('#models-body .dial-dot').length") == 3
    assert browser.ask("document.querySelectorAll('#exposure-body .part').length") == 30
    text = browser.ask("document.getElementById('build-body').textContent")
    assert "build 2" in text and '{"covisit":1}' in text and "2 earlier builds" in text


def test_an_empty_shop_says_what_is_missing(browser, tmp_path):
    database = tmp_path / "longtail.duckdb"
    duckdb.connect(str(database)).close()
    output = tmp_path / "report.html"
    build_report(database, output)
    browser.open(output)
    sentences = browser.ask("[...document.querySelectorAll('.missing')].map((p) => p.textContent)")
    for table in ("product_map", "model_metrics", "long_tail_exposure", "user_recommendations",
                  "cleaning_report", "insights"):  # fmt: skip
        assert any(table in sentence for sentence in sentences), table
    assert browser.complaints() == []


def test_without_webgl_the_map_is_drawn_plainly(browser, report):
    browser.open(report)
    source = (
        "const own = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return kind === 'webgl2' ? null : own.call(this, kind, ...rest); };"
    )
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        browser.open(report)
        assert browser.ask("longtail.map.scene.gl") is None
        image = browser.ask("longtail.map.scene.canvas.toDataURL()")
        assert len(base64.b64decode(image.split(",")[1])) > 5_000
        assert browser.complaints() == []
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
