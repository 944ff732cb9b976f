"""The report in a browser: texts, figures and controls of every section."""

import base64
import re

import duckdb
import pytest
from report_shop import CLOSING, HOSTILE, make_shop

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
    assert lines[0].startswith("because they viewed ")
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


def test_the_verdict_is_computed(browser, report, tmp_path):
    browser.open(report)
    assert browser.ask("verdict.textContent.replaceAll('\\u00a0', ' ')") == (
        "Hybrid (all models blended into one list) and covisit (seen together within sessions) "
        "are level: lists of 20 held 26.0 % and 25.0 % of what users took next (the 95 % "
        "intervals overlap). Hybrid shows 78 % of the products, covisit 75 %. The same "
        "bestsellers for every user find 11.0 %."
    )
    database = make_shop(tmp_path, 50)
    with duckdb.connect(str(database)) as connection:
        connection.execute('update build_info set settings = \'{"ranker": "trees"}\'')
        connection.execute(
            "insert into model_metrics by name select 'ranked' as model, value * 2 as value,"
            " lower * 2 as lower, upper * 2 as upper, * exclude (model, value, lower, upper)"
            " from model_metrics where model = 'hybrid' and metric = 'recall'"
        )
    build_report(database, tmp_path / "ranked.html")
    browser.open(tmp_path / "ranked.html")
    verdict = browser.ask("document.getElementById('verdict').textContent")
    assert verdict.startswith("Ranked (") and "finds more than hybrid (" in verdict
    # No line ends between a number and its sign.
    assert "(the 95\u00a0% intervals lie apart)" in verdict
    assert re.findall(r"\d %", verdict) == []
    strong = "document.querySelector('#models-body text.strong').textContent"
    browser.wait("document.querySelector('#models-body text.strong') !== null")
    assert browser.ask(strong) == "ranked"


def test_it_says_how_fresh_it_is(browser, report, tmp_path):
    browser.open(report)
    fresh = browser.ask("document.getElementById('fresh').textContent")
    assert "Last event2024-01-30 00:00 UTC" in fresh and "Built2024-02-03 00:00 UTC" in fresh
    assert "Gates2 passed, 1 undecided" in fresh
    assert "The log stopped 4 days before this build" in fresh
    assert f"Gate “recall” is undecided: {HOSTILE}" in fresh
    database = make_shop(tmp_path, 50)
    with duckdb.connect(str(database)) as connection:
        connection.execute("update build_info set last_event_at = built_at - interval '20 hours'")
        connection.execute("delete from release_gates where status != 'passed'")
    build_report(database, tmp_path / "fresh.html")
    browser.open(tmp_path / "fresh.html")
    assert browser.ask("document.querySelectorAll('#fresh .warning').length") == 0


def test_this_week_says_what_to_do(browser, report):
    browser.open(report)
    first = browser.ask("document.querySelector('main section').id")
    assert first == "week"
    cards = browser.ask("""Object.fromEntries([...document.querySelectorAll('[data-card]')]
        .map((card) => [card.dataset.card, [...card.querySelectorAll('tbody tr')]
            .map((row) => [...row.cells].map((cell) => cell.textContent))]))""")
    assert list(cards) == [
        "hidden_winners", "products_nobody_finds", "top_movers", "abandoned_carts",
        "cheaper_substitutes", "category_flow", "brand_flow", "experiment_verdicts", "since",
    ]  # fmt: skip
    tested = [[cell.replace("\u00a0", " ") for cell in row] for row in cards["experiment_verdicts"]]
    assert tested == [
        ["same", "4.95 %, else 5.00 %", "\u22120.05 (\u22121.05 to +0.95)", "level"],
        ["tail", "8.10 %, else 5.00 %", "+3.10 (+2.10 to +4.10)", "better"],
        ["young", "none, else 5.00 %", "", "too few"],
    ]
    assert [[cell.replace("\u00a0", " ") for cell in row] for row in cards["since"]] == [
        ["coverage", "79.0 %", "80.0 %", "+1.3 %", "within noise"],
        ["recall@20", "16.0 %", "26.0 %", "+62.5 %", "beyond noise"],
        ["users", "290", "300", "+3.4 %", ""],
    ]
    product, bought, shown = cards["hidden_winners"][0]
    assert "p39" in product and bought == "4 \u00d7 per 9 visitors" and shown == "12 users"
    assert len(cards["hidden_winners"]) == 5
    assert len(cards["top_movers"]) == 3  # the others are chance
    assert cards["abandoned_carts"] == [["part", "6 of 8", "120.50"], ["no category", "1 of 4", ""]]
    assert cards["brand_flow"] == [["part", "brand 1", HOSTILE, "7 (9 there, 2 back)"]]
    # Each product has its id and its price beside its name, and leads to the map.
    name, price = (
        browser.ask("longtail.catalogue.title(39)"),
        browser.ask("longtail.catalogue.price(39)"),
    )
    assert product == f"{name} p39 · {price}"
    browser.press("[data-card=hidden_winners] .link")
    assert browser.ask("longtail.catalogue.columns.id[longtail.map.chosen]") == "p39"
    browser.press("[data-card=brand_flow] td:nth-child(2) .link")
    assert browser.ask("[longtail.map.way, longtail.map.kept]") == ["brand", "brand 1"]
    browser.ask("""[...document.querySelectorAll('[data-card=hidden_winners] button')]
        .find((button) => button.textContent.includes('on the map')).click()""")
    assert browser.ask("longtail.map.selected.length") == 20
    assert browser.complaints() == []


def test_tables_download_as_csv_that_no_spreadsheet_runs(browser, report):
    browser.open(report)
    browser.ask("""URL.createObjectURL = (blob) => { globalThis.saved = blob.text(); return '#'; };
        HTMLAnchorElement.prototype.click = function () { globalThis.name = this.download; };""")
    save = """(() => { [...document.querySelectorAll('[data-card=%s] button')]
        .find((button) => button.textContent === 'Download csv').click(); return saved; })()"""
    lines = browser.ask(save % "hidden_winners").split("\r\n")
    assert browser.ask("globalThis.name") == "hidden_winners.csv"
    assert lines[0].startswith("product_id,product_name,users,purchases,")
    assert lines[1].startswith("p39,") and len(lines) == 32
    assert ",'=group_2.kind_1," in browser.ask(save % "category_flow")


def test_products_have_their_id_and_price_everywhere(browser, report):
    browser.open(report)
    for place in (".events .product", ".recommended .product", "[data-card] .product"):
        lines = browser.ask(f"[...document.querySelectorAll('{place}')].map((p) => p.textContent)")
        assert lines and all(re.search(r" p\d+( · [\d.]+)?$", line) for line in lines), place
    browser.ask("longtail.map.choose(40)")
    similar = browser.ask(
        "[...document.querySelectorAll('.similar .id')].map((i) => i.textContent)"
    )
    assert len(similar) == 16 and all(re.match(r"p\d+", line) for line in similar)


def test_prices_have_the_currency_that_the_build_knows(browser, report, tmp_path):
    browser.open(report)
    assert browser.ask("longtail.catalogue.price(2)") == "5.74"
    database = make_shop(tmp_path, 50)
    with duckdb.connect(str(database)) as connection:
        connection.execute('update build_info set settings = \'{"currency": "EUR"}\'')
    build_report(database, tmp_path / "euro.html")
    browser.open(tmp_path / "euro.html")
    assert browser.ask("longtail.catalogue.price(2)") == "€5.74"


SMALL_TEXT = """[...document.querySelectorAll('main *')].filter((node) => {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    const box = node.getBoundingClientRect();
    if (!own || !box.width || node.closest('#tooltip, .hidden, #map-say, noscript')) return false;
    const picture = node.ownerSVGElement;
    const scale = picture
        ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(node).fontSize) * scale;
    return size > 0 && size < 10.5;
}).map((node) => node.outerHTML.slice(0, 100))"""
CLIPPED = """[...document.querySelectorAll('td, section p, h3, svg text, .name, .product')]
    .filter((node) => {
        const box = node.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 1 || box.left < -1);
    }).map((node) => node.outerHTML.slice(0, 100))"""


def test_a_phone_shows_every_section_whole(browser, report):
    browser.open(report, width=390)
    try:
        browser.wait("document.querySelectorAll('#models-body svg').length === 2")
        assert browser.ask("document.documentElement.scrollWidth") == 390
        assert browser.ask(SMALL_TEXT) == []
        assert browser.ask(CLIPPED) == []
        # A row of a table is a card: no cell hides its heading or its value.
        row = browser.ask("""[...document.querySelectorAll('#clusters-body tbody tr')][0]
            .getBoundingClientRect().width""")
        cells = browser.ask("""[...document.querySelectorAll('#clusters-body tbody tr')][0]
            .innerText.split('\\n').filter((line) => line.trim()).length""")
        assert row > 300 and cells >= 7
        # What a mouse shows by hovering a finger shows by tapping.
        browser.ask("document.documentElement.style.scrollBehavior = 'auto'")
        x, y = browser.ask("""(() => {
            const dot = document.querySelector('#models-body circle');
            dot.scrollIntoView({block: 'center'});
            const box = dot.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        })()""")
        browser.tap(x, y)
        browser.wait("document.getElementById('hint').classList.contains('on')")
        assert "hybrid 0.260 (0.234 to 0.286)" in browser.ask("hint.textContent")
    finally:
        browser.open(report)


def test_a_finger_reaches_what_a_heading_means(browser, report):
    browser.open(report, width=390)
    try:
        browser.wait("document.querySelectorAll('#models-body td[data-title=Coverage]').length")
        browser.ask("document.documentElement.style.scrollBehavior = 'auto'")
        for title, section, meaning in (
            ("Coverage", "models", "share of all products that are in at least one list"),
            ("Of one category", "clusters", "products that are of its largest category"),
        ):
            x, y = browser.ask(f"""(() => {{
                const cell = document.querySelector('#{section}-body td[data-title="{title}"]');
                cell.scrollIntoView({{block: 'center'}});
                const box = cell.getBoundingClientRect();
                return [box.left + 20, box.top + 12];
            }})()""")
            browser.settle()
            browser.tap(x, y)
            browser.wait(f"hint.classList.contains('on') && hint.textContent.includes('{meaning}')")
            left, right = browser.ask(
                "(({left, right}) => [left, right])(hint.getBoundingClientRect())"
            )
            assert 0 <= left < right <= 390
    finally:
        browser.open(report)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_on_coloured_ground_can_be_read(browser, report, scheme):
    browser.open(report, scheme)
    contrasts = browser.ask("""(() => {
        const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        const light = (colour) => {
            pen.fillStyle = colour;
            pen.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
                .map((part) => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b + .05;
        };
        return [...document.querySelectorAll('.part')].map((part) => {
            const style = getComputedStyle(part);
            const [text, ground] = [light(style.color), light(style.backgroundColor)];
            return Math.max(text, ground) / Math.min(text, ground);
        });
    })()""")
    assert len(contrasts) == 30 and min(contrasts) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_that_can_be_pressed_has_a_name(browser, report, scheme):
    browser.open(report, scheme)
    browser.ask("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    browser.call("Accessibility.enable")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    browser.call("Accessibility.disable")
    pressed = ("button", "link", "textbox", "combobox", "searchbox", "region", "table", "image")
    named = [node for node in nodes if node.get("role", {}).get("value") in pressed]
    nameless = [node for node in named if not node["name"]["value"].strip()]
    assert len(named) > 100 and nameless == []
