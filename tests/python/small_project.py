"""A project of a few models, as dbt's macros describe it to the plugin."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pyarrow as pa

from longtail.build.actions import READS_EVENTS
from longtail.build.plugin import Plugin
from longtail.build.warehouse import write_parquet

TABLES = (
    *("stg_events", "rejected_events", "products", "user_recommendations", "model_metrics"),
    *("build_info", "cleaning_report", "release_gates"),
    *("product_availability", "rejected_products"),
)
BUILD_INFO = {
    **{"built_at": [datetime(2024, 1, 1)], "events_kept": [3], "events_rejected": [1]},
    **{
        "settings": ["{}"],
        "events_clean": [3],
        "events_learned": [2],
        "share_without_seconds": [0.0],
    },
    **{"catalogue_products": [0], "products_without_events": [0], "products_not_in_catalogue": [1]},
}
CLEANING_REPORT = {"step": ["kept"], "rule": ["clean event"], "events": [3], "users": [1]}
METRICS = {
    **{"model": ["hybrid"], "task": ["next interaction"], "segment": ["all"], "metric": ["recall"]},
    **{"k": [20], "value": [0.25], "users": [12]},
}
GATES = {
    "gate": ["edges of the graph", "recall@20", "coverage"],
    "status": ["closed", "undecided", "passed"],
    "is_passed": [False, True, True],
    "value": [None, None, 0.5],
    "threshold": [1.0, None, 0.02],
    "message": ["0, must be at least 1: check user_session", "not enough to judge", None],
}
OF_THE_SUMMARY = {
    **{"model_metrics": METRICS, "build_info": BUILD_INFO, "cleaning_report": CLEANING_REPORT},
    **{"release_gates": GATES, "product_availability": {"is_shown": [True], "withheld_as": [""]}},
    "rejected_products": {"reason": pa.array([], pa.string())},
}
GATES_TEST = "test.longtail.assert_release_gates_pass"
PARENTS = {
    READS_EVENTS: [],
    "model.longtail.stg_events": [READS_EVENTS],
    "model.longtail.rejected_events": [READS_EVENTS],
    "model.longtail.part": ["model.longtail.stg_events"],
    "model.longtail.products": ["model.longtail.part"],
    "model.longtail.user_recommendations": ["model.longtail.products"],
    "test.longtail.products": ["model.longtail.products"],
    "test.longtail.recommended": ["model.longtail.user_recommendations", "model.longtail.products"],
}
NODES = tuple(node for node in PARENTS if node != "model.longtail.part")


class Project:
    """The plugin as dbt's macros use it, over a small project with one ephemeral model."""

    def __init__(self, root) -> None:
        self.root = root / "warehouse"
        self.work = self.root / ".work"
        self.builds = 0
        self.credentials = SimpleNamespace(
            external_root=str(self.work),
            path=str(self.work / "build.duckdb"),
            config_options={"threads": "2", "memory_limit": "1GB"},
            settings=None,
        )

    def tell(self, action: str, **request):
        """Act like the macro longtail_package; each dbt command has its own plugin."""
        plugin = Plugin("longtail", {}, self.credentials)
        message = {"action": action, "request": request}
        plugin.store(SimpleNamespace(config=message))
        return message["answer"]

    def begin(self, selected, which="build", **given):
        return self.tell(
            "begin",
            which=which,
            run={"vars": given},
            selected=selected,
            parents=PARENTS,
            without_result=["model.longtail.part"],
        )

    def work_on(self, selected, failing=()):
        for node in selected:
            name = node.split(".")[2]
            if node.startswith("model.") and node not in failing:
                self.builds += 1
                columns = {"user_id": ["u"], "source": ["graph"], "source_file": ["demo"]}
                table = pa.table({**columns, "build": [self.builds]})
                write_parquet(table, self.work / f"{name}.parquet")
        for name, columns in OF_THE_SUMMARY.items():
            write_parquet(pa.table(columns), self.work / f"{name}.parquet")

    def finish(self, selected, failing=(), message="it broke", **given):
        outcomes = [
            {
                "node": node,
                "name": node.split(".")[2],
                "path": f"models/{node}.sql",
                "type": node.split(".")[0],
                "status": ("fail" if node.startswith("test") else "error")
                if node in failing
                else "success",
                "message": message if node in failing else "",
                "seconds": 0.1,
                "started_at": datetime.now(UTC),
            }
            for node in selected
        ]
        tables = [
            {"node": f"model.longtail.{name}", "name": name, "description": "", "columns": {}}
            | {"files": []}
            for name in TABLES
        ]
        return self.tell(
            "finish",
            run={"vars": given},
            build_id=f"build {self.builds}",
            run_started_at=datetime.now(UTC),
            outcomes=outcomes,
            tables=tables,
            known=list(PARENTS),
        )

    def run(self, selected=NODES, failing=(), which="build", message="it broke", **given):
        self.said = self.begin(selected, which, **given)
        self.work_on(selected, failing)
        return self.finish(selected, failing, message, **given)
