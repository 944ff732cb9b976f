{% macro finish_build() %}
    {#
        Last step of every run: publishes the tables when every model and test that was touched
        since the last publication has passed, and says what was built; otherwise keeps the
        published tables and says why. A model's further files, written by its hooks, are listed in
        its `meta.files`.
    #}
    {% if execute and flags.WHICH in ("build", "run", "test", "retry") %}
        {% set outcomes = [] %}
        {% for result in results %}
            {% do outcomes.append({
                "node": result.node.unique_id,
                "name": result.node.name,
                "path": result.node.original_file_path,
                "type": result.node.resource_type | string,
                "status": result.status | string,
                "message": result.message | default("", true) | string,
                "seconds": result.execution_time,
                "started_at": result.timing[-1].started_at if result.timing else none,
            }) %}
        {% endfor %}
        {% set tables = [] %}
        {% for node in (graph.nodes.values() | list) + (graph.sources.values() | list)
            if node.resource_type == "source" or node.resource_type == "model"
            and node.config.materialized in ("parquet", "parquet_by_day") %}
            {% set columns = {} %}
            {% for column in node.columns.values() %}
                {% do columns.update({column.name: column.description}) %}
            {% endfor %}
            {% do tables.append({
                "node": node.unique_id,
                "name": node.name,
                "description": node.description,
                "columns": columns,
                "files": node.config.get("meta", {}).get("files", []),
            }) %}
        {% endfor %}
        {% set report = longtail_package("finish", dict(
            run_request(),
            build_id=invocation_id,
            run_started_at=run_started_at,
            outcomes=outcomes,
            tables=tables,
            known=parents_of_nodes().keys() | list,
        )) %}
        {% for line in report %}{% do print(line) %}{% endfor %}
    {% endif %}
{% endmacro %}
