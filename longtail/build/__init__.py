"""What dbt calls: input files, settings, days, publication."""
