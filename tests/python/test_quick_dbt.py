"""What the tests replace in dbt gives what dbt gives."""

from types import SimpleNamespace

import pytest
from dbt.clients.jinja import MacroStack
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt_common.clients.jinja import get_template
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note
from quick_dbt import flat, hears_no_debug, quicken_dbt

quicken_dbt()


def test_a_name_of_many_packages_is_the_first_in_dbts_order():
    every = {"all": 0}
    namespace = MacroNamespace(
        global_namespace=every | {"local": "root", "root": "root"},
        local_namespace={"local": "local"},
        global_project_namespace={"all": 1, "local": 1, "dbt": 1, "inner": 1},
        packages={"dbt": {"of a package": 1}, "root": {}},
    )
    assert flat(namespace) == {key: namespace[key] for key in namespace}
    assert flat(namespace)["local"] == "local" and flat(namespace)["root"] == "root"


def test_macros_are_wrapped_and_sorted_as_by_dbt():
    macros = [
        SimpleNamespace(package_name=package, name=f"{package}_{n}", unique_id=f"{package}.{n}")
        for package in ("root", "own", "other", "dbt", "dbt_duckdb")
        for n in range(2)
    ]
    context, node, stack = {}, object(), MacroStack()
    ours, theirs = (
        MacroNamespaceBuilder("root", "own", stack, ["dbt_duckdb", "dbt"], node) for _ in range(2)
    )
    ours.add_macros(macros, context)
    for macro in macros:
        theirs.add_macro(macro, context)

    def seen(found):
        """The wrapped macros as their attributes, in the same folders."""
        if isinstance(found, dict):
            return {name: seen(inner) for name, inner in found.items()}
        return type(found), {name: id(value) for name, value in vars(found).items()}

    for part in ("globals", "locals", "packages", "internal_packages"):
        assert seen(getattr(ours, part)) == seen(getattr(theirs, part)), part
        assert getattr(ours, part), part


def test_a_text_is_not_taken_for_a_number_because_the_same_source_was():
    for _ in range(2):
        assert get_template("{{ x }}", {}, native=True).render({"x": 2}) == 2
        assert get_template("{{ x }}", {}).render({"x": 3}) == "3"


@pytest.mark.parametrize("callbacks", [["plain"], ["no debug"], ["no debug", "plain"]])
def test_an_event_is_heard_as_it_was_given(callbacks):
    heard, manager = [], EventManager()

    def plain(event) -> None:
        heard.append((event.info.level, event.info.msg, event.data.msg))

    @hears_no_debug
    def no_debug(event) -> None:
        plain(event)

    manager.callbacks = [{"plain": plain, "no debug": no_debug}[name] for name in callbacks]
    changed = Note(msg="first")
    changed.msg = "second"
    manager.fire_event(changed, level=EventLevel.INFO)
    manager.fire_event(Note(msg="third"), level=EventLevel.DEBUG)
    said = [("info", "second", "second"), ("debug", "third", "third")]
    expected = said if callbacks == ["plain"] else said[:1]
    assert heard == [line for line in expected for _ in callbacks]
