{% macro search_reports(tables) %}
    {# The query for what searches wrote to the metadata of their tables' files: `report`, a JSON
       text. #}
    {{- return(adapter.dispatch("search_reports", "longtail")(tables)) -}}
{% endmacro %}

{% macro duckdb__search_reports(tables) %}
    {% set files = [] %}
    {% for table in tables %}{% do files.append(work_files(table ~ ".parquet")) %}{% endfor %}
    select decode(value) as report
    from parquet_kv_metadata({{ text_list(files) }})
    where decode(key) = 'search'
{% endmacro %}

{% macro spark__search_reports(tables) %}
    {% set reports = longtail_package("search_reports", {"tables": tables}) if execute else [] %}
    select report from (
        values
        {% for report in reports or ["{}"] %}
            ({{ text_literal(report) }}){{ "," if not loop.last }}
        {% endfor %}
    ) as reports (report)
{% endmacro %}
