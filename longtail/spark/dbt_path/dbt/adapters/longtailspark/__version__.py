"""dbt shows this beside the adapter's name."""

version = "1.11.0"
