{% materialization parquet_by_day, adapter="spark", supported_languages=["sql"] %}
    {#
        DuckDB's materialization of this name, with the same folders and records: only stale days
        are computed, all at once, since Spark divides the work itself.
    #}
    {% set table, day = this.identifier, config.get("day") %}
    {% set location = work_folder() ~ "/" ~ table ~ ".parquet" %}
    {% set target_relation = this.incorporate(type="table") %}
    {% set reads = tables_by_day_read() %}
    {% set whole = longtail_package("versions", {"tables": tables_read(model)})
        if config.get("reads_whole") else "" %}
    {% set made_of = {
        "table": table,
        "query": "spark " ~ compiled_code ~ code_of_other_tables_read() ~ whole
            if reads or whole else "",
        "reads": reads,
        "as_of": context[config.get("as_of")]() if config.get("as_of") else "",
    } %}
    {% set plan = longtail_package("plan_days", dict(
        made_of, full=(flags.FULL_REFRESH or false) and (reads | length > 0 or whole != "")
    )) %}
    {% set since = plan.first_day %}
    {% if config.get("starts_at") %}
        {% set since = context[config.get("starts_at")](plan.first_day, plan.moved_from) %}
    {% endif %}
    {{ run_hooks(pre_hooks) }}

    {% if config.get("contract").enforced %}
        {{ get_assert_columns_equivalent(compiled_code) }}
    {% endif %}
    {% if since is none %}
        {% do longtail_package("note_days", made_of) %}
    {% else %}
        {% set query = compiled_code | replace(first_day(), "date '" ~ since ~ "'") %}
        {% set part = longtail_package("new_part", {"table": table, "part": 0, "day": ""}) %}
        {% do longtail_package("write_query", {"query": query, "location": part, "day": day}) %}
        {% if not longtail_package(
            "collect_days", {"table": table, "first_day": since, "day": day}
        ) %}
            {% do longtail_package(
                "write_empty_day", {"query": query, "table": table, "day": day}
            ) %}
        {% endif %}
        {% do longtail_package("replace_days", dict(made_of, first_day=since)) %}
    {% endif %}
    {% call noop_statement("main", "OK") %}{{ compiled_code }}{% endcall %}

    {% do longtail_package("name_table", {"name": this | string, "location": location}) %}
    {{ run_hooks(post_hooks) }}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
