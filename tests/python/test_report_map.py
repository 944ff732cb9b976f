"""The map of the report in a browser: content, movement and links."""

import re

import pytest

# A dot whose own place picks it (others may lie on top of some), as [x, y, position].
FREE_DOT = """(() => {
    const { scene } = longtail.map;
    const box = scene.canvas.getBoundingClientRect();
    scene.draw();
    for (let i = 0; i < scene.count; i += 1) {
        const [x, y] = longtail.map.at(i);
        const inside = x > 60 && y > 60 && x < scene.width - 60 && y < scene.height - 60
            && box.top + y > 80 && box.top + y < innerHeight - 60;
        if (inside && scene.pick(x, y) === i) return [box.left + x, box.top + y, i];
    }
})()"""
MIDDLE = """(() => {
    const box = document.getElementById('stage').getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
})()"""
# Share of these dots that can be seen, and how much of the stage they take up.
SEEN = """((positions) => {
    const { map } = longtail;
    map.scene.draw();
    const { width, height } = map.scene;
    const seen = positions.filter((at) => map.isInView(at));
    const extent = (axis) => {
        const values = positions.map((at) => map.at(at)[axis]).sort((a, b) => a - b);
        return values[Math.ceil(values.length * .97) - 1] - values[Math.floor(values.length * .03)];
    };
    return [seen.length / positions.length, Math.max(extent(0) / width, extent(1) / height)];
})"""


def to_map(browser) -> None:
    browser.ask("document.getElementById('map').scrollIntoView({behavior: 'instant'})")
    browser.ask("document.documentElement.style.scrollBehavior = 'auto'")
    browser.settle()


def test_the_legend_has_the_colours_of_the_dots_after_a_change_of_theme(browser, report):
    browser.open(report, "light")
    shown = """(() => {
        const { map } = longtail;
        const swatch = document.querySelector('.legend .swatch');
        const legend = getComputedStyle(swatch).backgroundColor.match(/\\d+/g).map(Number);
        const at = map.values.indexOf(map.groups[0][0]);
        return [legend, [...map.scene.colours.slice(4 * at, 4 * at + 3)]];
    })()"""
    before = browser.ask(shown)
    assert before[0] == before[1]
    browser.press("#theme")
    browser.settle()
    after = browser.ask(shown)
    assert after[0] == after[1] != before[0]


def test_the_theme_is_remembered(browser, report):
    browser.open(report, "light")
    browser.press("#theme")
    ground = browser.ask("getComputedStyle(document.body).backgroundColor")
    try:
        browser.open(report, "light")
        assert browser.ask("getComputedStyle(document.body).backgroundColor") == ground
    finally:
        browser.ask("localStorage.clear()")


def test_the_page_scrolls_over_the_map_until_it_is_held(browser, report):
    browser.open(report)
    to_map(browser)
    x, y = browser.ask(MIDDLE)
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    start = browser.ask("scrollY")
    for _ in range(20):
        browser.wheel(x, y, 100)
    browser.wait(f"scrollY - {start} >= 1990")
    assert browser.ask("longtail.map.scene.view.zoom") == 1

    to_map(browser)
    start = browser.ask("scrollY")
    browser.wheel(x, y, -100, modifiers=2)  # ctrl
    browser.wait("longtail.map.scene.view.zoom > 1.05")
    browser.ask("longtail.map.home()")
    browser.settle()
    browser.click(x, y)
    browser.wheel(x, y, -300)
    browser.wait("longtail.map.scene.view.zoom > 1.05")
    assert browser.ask("scrollY") == start


def test_a_swipe_scrolls_the_page_and_a_press_takes_hold_of_the_map(browser, report):
    browser.open(report, width=390)
    try:
        to_map(browser)
        x, y = browser.ask(MIDDLE)
        y = min(y, 700)
        start = browser.ask("scrollY")
        browser.swipe(x, y, -300)
        browser.wait(f"scrollY - {start} > 200")
        assert browser.ask("[longtail.map.scene.view.y, longtail.map.chosen]") == [0, -1]
        to_map(browser)
        assert browser.ask("getComputedStyle(stage).touchAction") == "pan-y"
        browser.tap(x, y)
        assert browser.ask("getComputedStyle(stage).touchAction") == "none"
    finally:
        browser.open(report)


def test_two_fingers_zoom(browser, report):
    browser.open(report, width=390)
    try:
        to_map(browser)
        x, y = browser.ask(MIDDLE)
        y = min(y, 700)
        for step in range(9):
            points = [{"x": x - 20 - 6 * step, "y": y}, {"x": x + 20 + 6 * step, "y": y}]
            kind = "touchMove" if step else "touchStart"
            browser.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        assert 2 < browser.ask("longtail.map.scene.view.zoom") < 6
        assert browser.ask("visualViewport.scale") == 1
    finally:
        browser.open(report)


def test_search_flies_to_what_it_shows(browser, report):
    browser.open(report)
    to_map(browser)
    browser.ask("Object.assign(longtail.map.scene.view, {x: 40, y: 40, zoom: 20})")  # a blank map
    browser.ask("document.getElementById('search').focus()")
    browser.call("Input.insertText", text="p123")
    browser.key("Enter")
    browser.settle()
    shown = "[longtail.map.chosen, ...longtail.map.similarOnMap()]"
    share, extent = browser.ask(f"{SEEN}({shown})")
    assert browser.ask(f"{shown}.length") == 17
    assert share == 1 and extent > 0.3


def test_a_cluster_flies_into_view_in_the_accent_above_flat_grey(browser, report):
    browser.open(report)
    to_map(browser)
    browser.press("#clusters-body .link")
    browser.settle()
    members = browser.ask("longtail.map.standing()")
    assert len(members) == 15
    share, extent = browser.ask(f"{SEEN}(longtail.map.standing())")
    assert share > 0.9 and extent > 0.5
    drawn = browser.ask("""(() => {
        const { map } = longtail;
        const { scene } = map;
        const shade = (at) => [...scene.colours.slice(4 * at, 4 * at + 4)];
        const last = [...scene.order.slice(-15)].sort((a, b) => a - b);
        const others = new Set(map.values.map((_, at) => at).filter((at) => !last.includes(at))
            .map((at) => shade(at).join()));
        return [last, shade(last[0]).slice(0, 3), map.ink.substitute, [...others], map.ink.flat];
    })()""")
    last, shade, accent, others, flat = drawn
    assert last == members
    assert shade == accent
    assert others == [",".join(map(str, [*flat, 255]))]
    assert browser.complaints() == []


def test_dots_can_be_told_apart(browser, report, large_report):
    for page in (report, large_report):
        browser.open(page)
        crowded = browser.ask("""(() => {
            const { scene } = longtail.map;
            scene.draw();
            const near = new Map();
            const cell = (i) => [0, 1].map((a) => Math.floor(scene.screen[3 * i + a] / 8));
            for (let i = 0; i < scene.count; i += 1) {
                const key = cell(i).join();
                near.set(key, [...(near.get(key) ?? []), i]);
            }
            let crowded = 0;
            for (let i = 0; i < scene.count; i += 1) {
                const [cx, cy] = cell(i);
                let within = -1;
                for (let dx = -1; dx < 2; dx += 1) for (let dy = -1; dy < 2; dy += 1)
                    for (const j of near.get([cx + dx, cy + dy].join()) ?? [])
                        if (Math.hypot(scene.screen[3 * i] - scene.screen[3 * j],
                            scene.screen[3 * i + 1] - scene.screen[3 * j + 1]) < scene.radius(i))
                            within += 1;
                if (within >= 5) crowded += 1;
            }
            return crowded / scene.count;
        })()""")
        assert crowded < 0.05, page


def test_going_home_does_not_stop_the_change_to_3d(browser, report):
    browser.open(report)
    to_map(browser)
    browser.ask("longtail.map.zoom(9)")
    browser.press("#dimensions [data-value='3']")
    browser.press("#home")
    browser.settle()
    assert browser.ask("[longtail.map.scene.view.depth, longtail.map.scene.view.zoom]") == [1, 1]


def test_labels_come_with_the_zoom(browser, report):
    browser.open(report)
    to_map(browser)
    shown = "(longtail.map.redraw(), new Promise((done) => requestAnimationFrame(() =>"
    shown += " requestAnimationFrame(() => done(longtail.map.labels.shown)))))"
    browser.ask("longtail.map.way = 'cluster', longtail.map.regroup()")
    far = browser.ask(shown)
    assert 5 < len(far) <= browser.ask("Math.ceil(stage.clientWidth * stage.clientHeight / 30000)")
    browser.ask("longtail.map.zoom(12)")
    titles = browser.ask(
        "longtail.catalogue.columns.id.map((_, at) => longtail.catalogue.title(at))"
    )
    near = browser.ask(shown)
    assert set(near) & set(titles)
    assert not set(far) & set(titles)


def test_a_lasso_lists_the_ids_inside_it(browser, report):
    browser.open(report)
    to_map(browser)
    left, top, width, height = browser.ask("""(() => {
        const box = stage.getBoundingClientRect();
        return [box.left, box.top, box.width, box.height];
    })()""")
    corners = [(0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6)]
    path = [(left + x * width, top + y * height) for x, y in corners]
    places = browser.ask("longtail.map.values.map((_, at) => longtail.map.at(at))")
    expected = {
        f"p{at}"
        for at, (x, y) in enumerate(places)
        if 0.3 * width < x < 0.6 * width and 0.3 * height < y < 0.6 * height
    }
    assert len(expected) > 10
    browser.press("#lasso")
    browser.drag(path)
    listed = browser.ask("document.getElementById('selected-ids').value")
    assert set(listed.split("\n")) == expected
    assert browser.ask("document.getElementById('lasso').ariaPressed") == "false"
    browser.press("#unchoose")
    browser.drag(path, modifiers=8)  # shift
    assert set(browser.ask("document.getElementById('selected-ids').value").split("\n")) == expected
    assert browser.complaints() == []


@pytest.mark.parametrize(
    ("hash", "shown"),
    [
        ("#product=p7", "longtail.catalogue.columns.id[longtail.map.chosen] === 'p7'"),
        ("#cluster=3", "longtail.map.way === 'cluster' && longtail.map.kept === '3'"),
        ("#user=user%207", "document.getElementById('user').value === 'user 7'"),
    ],
)
def test_links_open_what_they_name(browser, report, hash, shown):
    users = "longtail.explorer.people.map((user) => user.id)"
    browser.open(report)
    if "user" in hash and "user 7" not in browser.ask(users):
        name = browser.ask(f"{users}[5]")
        hash, shown = f"#user={name.replace(' ', '%20')}", shown.replace("user 7", name)
    browser.open(report, hash=hash)
    assert browser.ask(shown)
    browser.wait("scrollY > 200")
    assert browser.complaints() == []


def test_the_address_follows_and_a_wrong_link_says_so(browser, report):
    browser.open(report)
    browser.ask("longtail.map.choose(9)")
    assert browser.ask("location.hash") == "#product=p9"
    browser.ask("longtail.map.choose(-1)")
    assert browser.ask("location.hash") == "#map"
    browser.press("#clusters-body .link")
    assert browser.ask("location.hash").startswith("#cluster=")
    browser.press("#next-user")
    user = browser.ask("encodeURIComponent(document.getElementById('user').value)")
    assert browser.ask("location.hash") == f"#user={user}"
    browser.ask("location.hash = '#product=nothing'")
    browser.wait("document.getElementById('link-missing') !== null")
    browser.ask("location.hash = '#product=p9'")
    browser.wait("longtail.map.chosen === 9")


def test_the_search_box_is_a_combobox(browser, report):
    browser.open(report)
    browser.ask("document.getElementById('search').focus()")
    state = """(() => {
        const box = document.getElementById('search');
        const options = [...document.querySelectorAll('#results [role=option]')];
        return [box.getAttribute('role'), box.getAttribute('aria-expanded'), options.length,
            options.findIndex((option) => option.id === box.getAttribute('aria-activedescendant')),
            options.findIndex((option) => option.ariaSelected === 'true')];
    })()"""
    assert browser.ask(state) == ["combobox", "false", 0, -1, -1]
    browser.call("Input.insertText", text="kind 2")
    assert browser.ask(state) == ["combobox", "true", 10, -1, -1]
    for _ in range(2):
        browser.key("ArrowDown")
    assert browser.ask(state)[3:] == [1, 1]
    for _ in range(2):
        browser.key("ArrowUp")
    assert browser.ask(state)[3:] == [9, 9]
    wanted = browser.ask("document.querySelector('#results [aria-selected=true]').textContent")
    browser.key("Enter")
    assert browser.ask("document.getElementById('chosen').textContent") in wanted
    assert browser.ask("document.activeElement.id") == "search"
    browser.call("Input.insertText", text="kind")
    browser.key("Escape")
    assert browser.ask(state)[1:3] == ["false", 0]


def test_search_looks_words_up(browser, large_report):
    browser.open(large_report)
    find = "longtail.map.chosen = -1, document.getElementById('search')"
    browser.ask(f"({find}).focus()")
    browser.wait("document.activeElement.id === 'search'")
    times, found = browser.ask("""(() => {
        const box = document.getElementById('search');
        const times = [];
        const found = {};
        for (const text of ['warm', 'p', 'p29', 'p29999', 'b', 'brand 8', 'kind_7 brand',
            'group 3 part', 'rand', 'no such thing', '9']) {
            box.value = text;
            const began = performance.now();
            box.dispatchEvent(new Event('input'));
            times.push(performance.now() - began);
            found[text] = [...document.querySelectorAll('#results li')].map((li) => li.textContent);
        }
        return [times.slice(1).sort((a, b) => a - b), found];
    })()""")
    assert times[len(times) // 2] < 20, times
    assert len(found["p29"]) == 10 and found["p29999"][0].count("p29999")
    assert len(found["brand 8"]) == 10
    for text in found["brand 8"]:
        words = re.split(r"\W+|_", text)
        assert "brand" in words and any(word.startswith("8") for word in words)
    assert len(found["rand"]) == 10  # no word begins so: words that contain it
    assert found["no such thing"] == ["Nothing found"]


def test_the_map_is_reached_by_the_keyboard(browser, report):
    browser.open(report)
    to_map(browser)
    browser.ask("document.getElementById('stage').focus()")
    browser.key("ArrowRight")
    first = browser.ask("longtail.map.pointed")
    assert first >= 0
    tip = browser.ask("document.getElementById('tooltip').textContent")
    assert browser.ask(f"longtail.catalogue.columns.id[{first}]") in tip
    x = browser.ask("longtail.map.at(longtail.map.pointed)[0]")
    browser.key("ArrowRight")
    assert browser.ask("longtail.map.pointed") != first
    assert browser.ask("longtail.map.at(longtail.map.pointed)[0]") > x
    pointed = browser.ask("longtail.map.pointed")
    browser.key("Enter")
    assert browser.ask("longtail.map.chosen") == pointed
    assert browser.ask("document.activeElement.id") == "stage"
    browser.key("+")
    assert browser.ask("longtail.map.scene.view.zoom") > 1.2
    browser.key("0")
    browser.settle()
    assert browser.ask("longtail.map.scene.view.zoom") == 1
    browser.key("Escape")
    assert browser.ask("longtail.map.chosen") == -1


def test_the_focus_stays_where_it_was_pressed(browser, report):
    browser.open(report)
    to_map(browser)

    browser.ask("document.querySelectorAll('.legend button')[2].focus()")
    name = browser.ask("document.activeElement.dataset.value")
    browser.key("Enter")
    assert browser.ask("document.activeElement.dataset.value") == name
    assert browser.ask("document.activeElement.ariaPressed") == "true"
    browser.ask("longtail.map.choose(3), document.querySelector('.similar button').focus()")
    browser.key("Enter")
    assert browser.ask("longtail.map.chosen") != 3
    assert 'id="chosen"' in browser.ask("document.activeElement.outerHTML")
    browser.ask("document.getElementById('unchoose').focus()")
    browser.key("Enter")
    assert browser.ask("document.getElementById('side').contains(document.activeElement)")


def test_a_table_stands_beside_the_map(browser, report):
    browser.open(report)
    to_map(browser)
    browser.ask("document.getElementById('map-table').open = true")
    rows = "document.querySelectorAll('#map-table tbody tr').length"
    browser.wait(f"{rows} === 50")
    ids = "[...document.querySelectorAll('#map-table tbody tr')].map((r) => r.cells[1].textContent)"
    assert browser.ask(ids)[:2] == ["p0", "p1"]
    browser.ask("longtail.map.keepGroup('cluster', '3')")
    assert browser.ask(rows) == 15
    assert set(browser.ask(ids)) == {f"p{3 + 40 * i}" for i in range(15)}
    browser.ask("""[...document.querySelectorAll('#map-table th button')]
        .find((button) => button.textContent === 'Price').click()""")
    prices = browser.ask("""[...document.querySelectorAll('#map-table tbody tr')]
        .map((row) => row.cells[2].textContent)""")
    known = [float(price) for price in prices if price]
    assert known == sorted(known, reverse=True) and prices[-1] == ""


def test_a_product_has_a_link_to_its_page_and_to_nothing_that_runs(browser, report):
    browser.open(report)
    link = """((id) => {
        longtail.map.choose(longtail.catalogue.position(id));
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const found = document.querySelector('#side a');
            done(found && [found.getAttribute('href'), found.rel]);
        })));
    })"""
    wanted = ['https://shop.example/p?id=3&x="<b>"', "noopener noreferrer"]
    assert browser.ask(f"{link}('p3')") == wanted
    assert browser.ask(f"{link}('p4')") is None
    assert browser.ask(f"{link}('p5')") is None
