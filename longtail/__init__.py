"""longtail: the Python package behind the dbt project of the same name.

`kernels` take arrays and return arrays, and import neither dbt nor DuckDB; `build` is what dbt
calls (input files, settings, days, publication); `tables` turns what the kernels return into the
tables of the Python models. `report` writes the page.
"""
