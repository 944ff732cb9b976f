"""Where dbt looks for the adapter of the profile type `longtailspark`.

This folder's `dbt_path` must be on Python's path: `longtail.spark.set_up` sees to it.
"""

from pathlib import Path

from dbt.adapters.base import AdapterPlugin

from longtail.spark.adapter import Credentials, LongtailsparkAdapter

Plugin = AdapterPlugin(
    adapter=LongtailsparkAdapter,
    credentials=Credentials,
    include_path=str(Path(__file__).parents[2] / "include" / "longtailspark"),
    dependencies=["spark"],
)
