"""Where dbt looks for the adapter of the profile type `longtailspark`.

The folder `dbt_path` must be on Python's path: `longtail.spark.set_up` adds it.
"""

import sys
from pathlib import Path

from dbt.adapters.base import AdapterPlugin

# The dbt command does not look for modules in the folder where it runs.
if (root := str(Path(__file__).parents[6])) not in sys.path:
    sys.path.append(root)

from longtail.spark.adapter import Credentials, LongtailsparkAdapter

Plugin = AdapterPlugin(
    adapter=LongtailsparkAdapter,
    credentials=Credentials,
    include_path=str(Path(__file__).parents[2] / "include" / "longtailspark"),
    dependencies=["spark"],
)
