{% macro tables_by_day_read() %}
    {# Names of the tables of the materialization `parquet_by_day` that this model refs. #}
    {% set names = [] %}
    {% for parent in model.depends_on.nodes if parent in graph.nodes
        and graph.nodes[parent].config.materialized == "parquet_by_day" %}
        {% do names.append(graph.nodes[parent].name) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}
