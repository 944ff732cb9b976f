"""dbt in the tests' processes without work that no test sees: half a small build's CPU seconds.

For each node dbt compiles the same templates, wraps every macro of the project twice, makes the
same parsers of dates and writes log events that nothing reads. The replacements give equal results.
The dbt command, which other tests start, is as installed.
"""

import functools
import threading
from typing import Any

import parsedatetime
from dbt.clients.jinja import MacroGenerator
from dbt.context.macro_resolver import TestMacroNamespace
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager


def quicken_dbt() -> None:
    """Replace dbt's repeated work in this process; a no-op when already done."""
    if hasattr(MacroFuzzEnvironment.compile, "__wrapped__"):
        return
    MacroFuzzEnvironment.compile = once_per_source(MacroFuzzEnvironment.compile)
    MacroFuzzEnvironment._parse = once_per_source(MacroFuzzEnvironment._parse)
    MacroNamespaceBuilder.add_macros = add_macros
    MacroNamespace._keys = lambda namespace: flat(namespace).keys()
    ManifestContext.to_dict = context_to_dict(ManifestContext.to_dict)
    # Parsers only read their constants, as dbt's own parser of all tables does.
    parsedatetime.Constants = functools.cache(parsedatetime.Constants)
    EventManager.fire_event = fire_what_is_heard(EventManager.fire_event)
    BaseEvent.__init__ = make_message_when_read(BaseEvent.__init__)
    BaseEvent.__getattr__ = read_message(BaseEvent.__getattr__)
    BaseEvent.__setattr__ = lambda event, name, value: (
        object.__setattr__(event, name, value)
        if name == "pb_msg"
        else setattr(event.pb_msg, name, value)
    )


def once_per_source(make: Any) -> Any:
    """Return a method of jinja's environments with a memory.

    What it makes depends on the source and the kind of environment alone, and is only read.
    """
    known: dict[tuple, Any] = {}

    @functools.wraps(make)
    def remembered(environment, source, *names, **options):
        if not isinstance(source, str):
            return make(environment, source, *names, **options)
        kind = (type(environment), *sorted(environment.extensions))
        asked = (kind, source, names, *sorted(options.items()))
        if asked not in known:
            known[asked] = make(environment, source, *names, **options)
        return known[asked]

    return remembered


# ---- macros ------------------------------------------------------------------------------------


def add_macros(builder: MacroNamespaceBuilder, macros: Any, context: dict[str, Any]) -> None:
    """Add macros as dbt does, without the calls of three constructors for each."""
    new = MacroGenerator.__new__
    for macro in macros:
        wrapped = new(MacroGenerator)
        wrapped.__dict__ = {
            **{"context": context, "macro": macro},
            **{"node": builder.node, "stack": builder.thread_ctx},
        }
        package, name = macro.package_name, macro.name
        if package in builder.internal_package_names:
            builder._add_macro_to(builder.internal_packages, macro, wrapped)
        else:
            builder._add_macro_to(builder.packages, macro, wrapped)
            if package == builder.search_package:
                builder.locals[name] = wrapped
            elif package == builder.root_package:
                builder.globals[name] = wrapped


def flat(namespace: MacroNamespace) -> dict[str, Any]:
    """Return a namespace's members by name: of equal names the first in search order."""
    found: dict[str, Any] = {}
    for members in reversed(list(namespace._search_order())):
        found.update(members)
    return found


def context_to_dict(original: Any) -> Any:
    """Return ManifestContext.to_dict, which asks five dictionaries for each macro, with one."""

    @functools.wraps(original)
    def to_dict(context):
        if isinstance(context.namespace, TestMacroNamespace) or not context.namespace:
            return original(context)
        members = super(ManifestContext, context).to_dict()
        members.update(flat(context.namespace))
        return members

    return to_dict


# ---- log events --------------------------------------------------------------------------------


def hears_no_debug(callback: Any) -> Any:
    """Mark a callback that passes over events of the level debug."""
    callback.hears_no_debug = True
    return callback


def fire_what_is_heard(fire: Any) -> Any:
    """Return EventManager.fire_event without debug events that no log and no callback takes."""

    @functools.wraps(fire)
    def fire_event(manager, e, level=None, node=None, force_warn_or_error_handling=False):
        is_debug = (level or e.level_tag()) == EventLevel.DEBUG
        if is_debug and not manager.loggers and not force_warn_or_error_handling:
            # The other callback is dbt's own, of warnings.
            if any(getattr(callback, "hears_no_debug", False) for callback in manager.callbacks):
                return
        fire(manager, e, level, node, force_warn_or_error_handling)

    return fire_event


def make_message_when_read(make: Any) -> Any:
    """Return an event's constructor that only keeps what it is given."""

    @functools.wraps(make)
    def keep(event, *arguments, **named):
        given = functools.partial(make, event, *arguments, **named)
        object.__setattr__(event, "make_message", given)

    return keep


def read_message(read: Any) -> Any:
    """Return BaseEvent.__getattr__, which makes the message first."""

    @functools.wraps(read)
    def made(event, name):
        if name != "pb_msg":
            return getattr(event.pb_msg, name)
        with MAKING:
            if "pb_msg" not in event.__dict__:
                event.make_message()
        return event.__dict__["pb_msg"]

    return made


MAKING = threading.RLock()
