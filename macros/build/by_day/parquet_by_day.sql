{% materialization parquet_by_day, adapter="duckdb", supported_languages=["sql"] %}
    {#
        A folder `<table>.parquet` with one folder of parquet files per day,
        `<day column>=YYYY-MM-DD`, and a view over it in the build's database. Rebuilds the first
        stale day and every later day; earlier days are reused. Any parquet reader sees the folder
        as one table and can read only the days that it needs.

        config(
            day="event_date",      -- the column of days, a date and never null
            days_of="stg_events",  -- optional: the query gives a day from the same day of this
                                   --   table by day, so that days can be built in batches
            in_batches=true,       -- optional: or from all rows with the same value of an
                                   --   integer, in {{ "{{ in_batch(key='user_key') }}" }}
            starts_at="a_macro",   -- optional: gets first_day and moved_from (see below),
                                   --   returns the first day to rebuild: earlier when days
                                   --   depend on those after them
            as_of="a_macro",       -- optional: returns the timestamp up to which the query looks
            reads_whole=true,      -- optional: all days are rebuilt when a table that the
                                   --   query refs has changed, by day or not
        )

        In the query, {{ "{{ first_day() }}" }} and {{ "{{ last_day() }}" }} are the days to return;
        {{ "{{ in_days(column) }}" }} is the condition. It must not return rows of other days. A day
        is rebuilt when one of these has changed: the compiled query, DuckDB's version, that day of
        a table by day which the query refs, the code of any other table that it refs.
        `longtail.build.days` records them. --full-refresh rebuilds all days. `moved_from` is the
        earlier of the old and the new `as_of`.

        All days appear at once or none does; an interrupted build leaves the old ones. Readers
        never see them before `finish_build` publishes them.
    #}
    {% set table = this.identifier %}
    {% set existing = load_cached_relation(this) %}
    {% set target_relation = this.incorporate(type="view") %}
    {% set reads = tables_by_day_read() %}
    {% set whole = longtail_package("versions", {"tables": tables_read(model)})
        if config.get("reads_whole") else "" %}
    {% set made_of = {
        "table": table,
        "query": compiled_code ~ code_of_other_tables_read() ~ whole if reads or whole else "",
        "reads": reads,
        "as_of": context[config.get("as_of")]() if config.get("as_of") else "",
    } %}
    {% set plan = longtail_package("plan_days", dict(
        made_of, full=(flags.FULL_REFRESH or false) and (reads | length > 0 or whole != "")
    )) %}
    {% set first_day = plan.first_day %}
    {% if config.get("starts_at") %}
        {% set first_day = context[config.get("starts_at")](plan.first_day, plan.moved_from) %}
    {% endif %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if config.get("contract").enforced %}
        {{ get_assert_columns_equivalent(compiled_code) }}
    {% endif %}
    {% if first_day is none %}
        {% call noop_statement("main", "kept") %}{{ compiled_code }}{% endcall %}
        {% do longtail_package("note_days", made_of) %}
    {% else %}
        {% do copy_days(compiled_code, first_day) %}
        {% do longtail_package("replace_days", dict(made_of, first_day=first_day)) %}
    {% endif %}

    {% do view_over(existing, target_relation, day_files(table, config.get("day"))) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
