"""The tables of the dbt Python models: kernels called, results named and typed as Arrow.

One module per folder of python_models; the only code that uses both kernels and tables. An empty
graph (one product, one event) is legal here and gives empty tables; the kernels themselves refuse
it.
"""
