{% macro code_of_other_tables_read() %}
    {# Fingerprints of the models that this model refs and that are not kept by day: changed code
       may give users and products different keys. #}
    {% set codes = [] %}
    {% for parent in model.depends_on.nodes if parent in graph.nodes
        and graph.nodes[parent].config.materialized != "parquet_by_day" %}
        {% do codes.append(graph.nodes[parent].checksum.checksum) %}
    {% endfor %}
    {{ return(codes | sort | join(" ")) }}
{% endmacro %}
