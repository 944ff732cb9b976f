{% materialization parquet, adapter="duckdb", supported_languages=["sql", "python"] %}
    {#
        One parquet file per model, with a view over it in the build's database.

        Differs from dbt-duckdb's `external` where it matters here: the query streams into the file
        (no temporary copy of the table), an empty table keeps its columns, and Python models stream
        Arrow batches. The file gets its final name only when it is complete. Readers never see it
        before `finish_build` publishes it.

        config(batch_over=model, batch_where=condition): the query runs once for each value of
        that model's column `batch` (integers from 0), where it says {{ "{{ in_batch() }}" }}, so
        that memory does not grow with the rows.

        The file of an earlier build is reused when its inputs are unchanged: the compiled model,
        the tables that it reads and, for a Python model, the package's code and the installed
        versions. `longtail.build.kept` records them. Hooks run anyway: their files may be missing.
        --full-refresh rebuilds every table.
    #}
    {% set location = work_folder() ~ "/" ~ this.identifier ~ ".parquet" %}
    {% set existing = load_cached_relation(this) %}
    {% set target_relation = this.incorporate(type="view") %}
    {# A warm start begins with the published vectors. #}
    {% set always = flags.FULL_REFRESH or config.get("meta", {}).get("warm_start") or false %}
    {% set plan = longtail_package("plan_table", {
        "table": this.identifier,
        "code": compiled_code ~ "\n# " ~ (model.contract.checksum or ""),
        "language": model.language,
        "reads": tables_read(model),
        "full": always,
    }) %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if plan.is_kept %}
        {% call noop_statement("main", "kept") %}{{ compiled_code }}{% endcall %}
    {% elif model.language == "python" %}
        {% call statement("main", language="python") %}
            {{- python_to_parquet(compiled_code, location) -}}
        {% endcall %}
    {% else %}
        {% if config.get("contract").enforced %}
            {{ get_assert_columns_equivalent(compiled_code) }}
        {% endif %}
        {% do copy_to_parquet(compiled_code, location) %}
    {% endif %}

    {% set file = work_files(this.identifier ~ ".parquet") %}
    {% do view_over(
        existing, target_relation, "read_parquet('" ~ file ~ "', hive_partitioning = false)"
    ) %}
    {% if not plan.is_kept %}
        {% do longtail_package("note_table", {
            "table": this.identifier, "made_of": plan.made_of, "rows": digest_of_rows()
        }) %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
