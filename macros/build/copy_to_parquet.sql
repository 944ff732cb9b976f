{% macro copy_to_parquet(query, location) %}
    {# Write a model's query to its file; in batches when its config asks and there are several. #}
    {% set options = "(format parquet, compression zstd, use_tmp_file true)" %}
    {# Written, read and removed within the model: speed counts, not size. #}
    {% set part_options = "(format parquet, compression lz4)" %}
    {% set batches = 1 %}
    {% if config.get("batch_over") %}
        {% set batches = run_query(
            "select coalesce(max(batch) + 1, 1) from " ~ ref(config.get("batch_over"))
            ~ " where " ~ config.get("batch_where", "true")
        )[0][0] %}
    {% endif %}
    {% if config.get("batch_pairs_of") %}
        {# A pair takes as much memory as a term of lists. #}
        {% set batches = run_query(
            "select 1 + cast(coalesce(sum(products * (products - 1)), 0) as bigint) // "
            ~ var("terms_per_batch") | int ~ " from (select count(*) as products from "
            ~ ref(config.get("batch_pairs_of")) ~ " group by group_key)"
        )[0][0] %}
    {% endif %}
    {% set in_batches = config.get("batch_over") or config.get("batch_pairs_of") %}
    {% if batches == 1 %}
        {% call statement("main") %}
            {{ set_variables({"batch": "null", "batches": "null"}) if in_batches }}
            copy (
                {{ query }}
            ) to '{{ location }}' {{ options }}
        {% endcall %}
    {% else %}
        {% set parts, files = [], [] %}
        {% for batch in range(batches) %}
            {% set part = location ~ ".part" ~ batch %}
            {% call statement("main") %}
                {{ set_variables({"batch": batch, "batches": batches}) }}
                copy (
                    {{ query }}
                ) to '{{ part }}' {{ part_options }};
                {{ set_variables({"batch": "null", "batches": "null"}) }}
            {% endcall %}
            {% do parts.append(part) %}
            {% do files.append(work_files(this.identifier ~ ".parquet.part" ~ batch)) %}
            {% do log(this.identifier ~ ": batch " ~ (batch + 1) ~ " of " ~ batches, info=True) %}
        {% endfor %}
        {% call statement("parts") %}
            copy (
                select * from read_parquet({{ text_list(files) }}, hive_partitioning = false)
            ) to '{{ location }}' {{ options }}
        {% endcall %}
        {% do longtail_package("remove", {"files": parts}) %}
    {% endif %}
{% endmacro %}
