{% macro longtail_package(action, request) %}
    {#
        Calls the Python package from Jinja. dbt-duckdb hands a plugin's `store()` whatever
        mapping it is given, so one mapping carries the question there and the answer back.
    #}
    {% do run_query("select 1") %}
    {% set message = dict(request, action=action) %}
    {% do adapter.store_relation("longtail", none, [], "", "parquet", message) %}
    {{ return(message.get("answer")) }}
{% endmacro %}
