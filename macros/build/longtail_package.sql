{% macro longtail_package(action, request={}) %}
    {#
        Calls the Python package from Jinja: an action of longtail.build.actions, with its
        arguments by name.
    #}
    {{- return(adapter.dispatch("longtail_package", "longtail")(action, request)) -}}
{% endmacro %}

{% macro duckdb__longtail_package(action, request) %}
    {# dbt-duckdb passes the mapping to a plugin's `store()` as it is, so one mapping carries the
       request and the result. #}
    {% do run_query("select 1") %}
    {% set message = {"action": action, "request": request} %}
    {% do adapter.store_relation("longtail", none, [], "", "parquet", message) %}
    {{ return(message.get("answer")) }}
{% endmacro %}

{% macro spark__longtail_package(action, request) %}
    {{- return(adapter.longtail(action, request)) -}}
{% endmacro %}
