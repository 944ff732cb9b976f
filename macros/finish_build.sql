{% macro finish_build() %}
    {#
        Last thing of every run: publishes the tables when every model and test that was
        touched since the last publication has passed, and says what was built; else keeps
        the published tables as they are and says why.
    #}
    {% if execute and flags.WHICH in ("build", "run", "test", "retry") %}
        {% set outcomes = [] %}
        {% for result in results %}
            {% do outcomes.append({
                "node": result.node.unique_id,
                "name": result.node.name,
                "type": result.node.resource_type | string,
                "status": result.status | string,
                "message": result.message | default("", true) | string,
            }) %}
        {% endfor %}
        {% set tables = [] %}
        {% for node in graph.nodes.values() if node.resource_type == "model"
            and node.config.materialized == "parquet" %}
            {% do tables.append({"node": node.unique_id, "name": node.name}) %}
        {% endfor %}
        {% set report = longtail_package("finish", {"outcomes": outcomes, "tables": tables,
            "known": graph.nodes.keys() | list,
            "files": var("published_files", []),
        }) %}
        {% for line in report %}{% do print(line) %}{% endfor %}
    {% endif %}
{% endmacro %}
