{% macro name_tables() %}
    {# Registers tables of earlier runs in the engine's catalogue; DuckDB keeps them registered in
       the build's database. #}
    {{- return(adapter.dispatch("name_tables", "longtail")()) -}}
{% endmacro %}

{% macro default__name_tables() %}{% endmacro %}

{% macro spark__name_tables() %}
    {% do longtail_package("name_tables", {"schema": target.schema}) %}
{% endmacro %}
