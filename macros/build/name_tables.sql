{% macro name_tables() %}
    {# Tables that earlier runs left in the warehouse get their names in the engine's catalogue;
       DuckDB keeps its own, in the build's database. #}
    {{- return(adapter.dispatch("name_tables", "longtail")()) -}}
{% endmacro %}

{% macro default__name_tables() %}{% endmacro %}

{% macro spark__name_tables() %}
    {% do longtail_package("name_tables", {"schema": target.schema}) %}
{% endmacro %}
