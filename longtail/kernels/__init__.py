"""Kernels: arrays in, arrays out. They import no dbt, no DuckDB and no `longtail.build`."""
