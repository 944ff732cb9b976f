"""Kernels: arrays in, arrays out. No dbt, no DuckDB, nothing of `longtail.build`."""
