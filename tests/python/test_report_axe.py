"""Accessibility of the report, checked by axe-core, which browsers' own tools use."""

import importlib.util
import json
from pathlib import Path

import pytest

PACKAGE = "axe_playwright_python"
FOUND = """axe.run(document).then(({ violations, passes }) => JSON.stringify({
    passes: passes.length,
    violations: violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`)),
}))"""
SEARCHING = """
    const field = document.querySelector('[role=combobox]');
    field.focus(); field.value = 'brand'; field.dispatchEvent(new Event('input'));"""
STATES = {
    "as it opens": "",
    "a product chosen": "longtail.map.choose(1)",
    "a group kept": "longtail.map.keepGroup('brand', 'brand 1')",
    "searching": f"(() => {{ {SEARCHING} }})()",
}


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's script; skips if its package is not installed."""
    found = importlib.util.find_spec(PACKAGE)  # not imported: it would want a driver of its own
    if found is None:
        pytest.skip(f"no {PACKAGE}: requirements-checks.lock has it (make checks)")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def findings(browser, axe: str) -> dict:
    """Return axe's findings on the current page."""
    browser.settle()
    browser.ask(f"{axe};0")
    return json.loads(browser.ask(FOUND))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [0, 390], ids=["desk", "phone"])
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_axe_has_no_findings(browser, report, axe, scheme, width, state):
    browser.open(report, scheme, width=width)
    if state:
        browser.ask(state)
    found = findings(browser, axe)
    assert found["violations"] == []
    assert found["passes"] > 40


def test_axe_finds_what_is_wrong(browser, report, axe):
    browser.open(report)
    browser.ask("""(() => {
        const line = document.createElement('p');
        line.textContent = 'too faint to read';
        line.style = 'color: #ccc; background: #fff';
        document.querySelector('main').append(line, document.createElement('button'));
    })()""")
    found = {text.split(":")[0] for text in findings(browser, axe)["violations"]}
    assert {"color-contrast", "button-name"} <= found
