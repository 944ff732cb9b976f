{% materialization parquet, adapter="spark", supported_languages=["sql", "python"] %}
    {#
        One folder of parquet files per model, registered in Spark's catalogue; one file for a
        Python model. Like DuckDB's materialization of this name, without batches: Spark divides the
        work itself.

        config(by_duckdb=true): the query is in DuckDB's SQL, and DuckDB runs it; where it reads
        event files, in Spark's tasks, one per file.
    #}
    {% set location = work_folder() ~ "/" ~ this.identifier ~ ".parquet" %}
    {% set target_relation = this.incorporate(type="table") %}
    {{ run_hooks(pre_hooks) }}

    {% if model.language == "python" %}
        {% call statement("main", language="python") %}
            {{- python_to_parquet(compiled_code, location) -}}
        {% endcall %}
    {% elif config.get("by_duckdb") %}
        {% do longtail_package("write_by_duckdb", dict(
            run_request(),
            query=compiled_code,
            location=location,
            broken_lines=broken_lines("scans.file_path"),
        )) %}
        {% call noop_statement("main", "OK") %}{{ compiled_code }}{% endcall %}
    {% else %}
        {% if config.get("contract").enforced %}
            {{ get_assert_columns_equivalent(compiled_code) }}
        {% endif %}
        {% do longtail_package("write_query", {"query": compiled_code, "location": location}) %}
        {% call noop_statement("main", "OK") %}{{ compiled_code }}{% endcall %}
    {% endif %}

    {% do longtail_package("name_table", {"name": this | string, "location": location}) %}
    {{ run_hooks(post_hooks) }}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
