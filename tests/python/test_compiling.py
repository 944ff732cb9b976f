"""Ephemeral models, compiled by several threads."""

import threading
import time
from types import SimpleNamespace

from dbt.compilation import Compiler, InjectedCTE

from longtail.build.compiling import lock_ephemeral_models

THREADS = 8


def model(sql: str, *reads: str) -> SimpleNamespace:
    """A model as dbt knows it once its SQL is rendered."""
    return SimpleNamespace(
        compiled=True,
        compiled_code=sql,
        extra_ctes=[InjectedCTE(id=name, sql=None) for name in reads],
        extra_ctes_injected=False,
        identifier=sql.split()[-1],
        is_ephemeral_model=True,
        _pre_injected_sql=None,
    )


def test_threads_compile_an_ephemeral_model_once():
    """One that reads another, itself read by eight models at once."""
    lock_ephemeral_models()
    outer, inner = model("select * from outer", "inner"), model("select 1 as inner")
    outer.compiled = inner.compiled = False
    readers = [model(f"select * from {number}", "outer") for number in range(THREADS)]
    manifest = SimpleNamespace(nodes={"outer": outer, "inner": inner})
    compiler = Compiler(SimpleNamespace(args=SimpleNamespace(inject_ephemeral_ctes=True)))
    compiled = []

    def compile_slowly(node, *_):
        compiled.append(node.identifier)
        time.sleep(0.02)
        node.compiled = True
        return node

    compiler._compile_code, compiler._write_node = compile_slowly, lambda *_: None
    compiler.add_ephemeral_prefix = "__dbt__cte__{}".format
    start = threading.Barrier(THREADS)

    def compile_with_others(node):
        start.wait()
        compiler._recursively_prepend_ctes(node, manifest, None)

    threads = [threading.Thread(target=compile_with_others, args=(node,)) for node in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(compiled) == ["inner", "outer"]
    for node in readers:
        assert [cte.id for cte in node.extra_ctes] == ["inner", "outer"]
        assert node.compiled_code.count("__dbt__cte__outer as (") == 1
