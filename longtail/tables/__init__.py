"""The tables of the dbt Python models: kernels called, results named and typed as Arrow.

One module per room of python_models, the only code that knows both kernels and tables. An empty
graph (one product, one event) is legal here and gives tables without rows; the kernels themselves
refuse it.
"""
