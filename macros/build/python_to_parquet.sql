{% macro python_to_parquet(compiled_code, location) %}
{{ compiled_code }}


def materialize(table, connection):
    from longtail.build.warehouse import write_parquet

    write_parquet(table, '{{ location }}')
{% endmacro %}
