"""longtail: the Python package behind the dbt project of the same name.

Two wings and one bridge: `kernels` take arrays and give arrays, and know neither dbt nor DuckDB;
`build` is what dbt calls (input files, settings, days, publication); `tables` turns what the
kernels return into the tables of the Python models. `report` writes the page.
"""
