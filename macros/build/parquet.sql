{% materialization parquet, adapter="duckdb", supported_languages=["sql", "python"] %}
    {#
        One parquet file per model, with a view over it in the build's database.

        Differs from dbt-duckdb's `external` where it matters here: the query streams straight
        into the file (no temporary copy of the table), a table without rows keeps its columns
        and has no rows, and Python models stream Arrow batches. The file appears under its
        name only when it is complete. Readers never see it before `finish_build` publishes it.

        config(batch_over=model, batch_where=condition): the query runs once for each value of
        that model's column `batch` (integers from 0), where it says {{ "{{ in_batch() }}" }}, so
        that memory does not grow with the rows.
    #}
    {% set location = work_folder() ~ "/" ~ this.identifier ~ ".parquet" %}
    {% set existing = load_cached_relation(this) %}
    {% set target_relation = this.incorporate(type="view") %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if model.language == "python" %}
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

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
