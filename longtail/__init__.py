"""longtail: the Python package behind the dbt project of the same name.

Kernels (`graph`, `walks`, `skipgram`, `search`, `centroids`, `projection`) take arrays and give
arrays; they know neither dbt nor DuckDB. The rest is glue: `settings` (vars and their ranges),
`events` (input files), `warehouse` (the tables' folder), `dbt_plugin` (what dbt calls).
"""
