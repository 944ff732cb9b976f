{% macro copy_to_parquet(query, location) %}
    {# Write a model's query to its file; in batches when its config asks and there are several. #}
    {% set options = "(format parquet, compression zstd, use_tmp_file true)" %}
    {% set batch_by = config.get("batch_by") %}
    {% set batches = 1 %}
    {% if batch_by %}
        {% set keys = run_query("select count(*) from " ~ ref(config.get("batch_over")))[0][0] %}
        {% set size = config.get("batch_size") %}
        {% set batches = [(keys + size - 1) // size, 1] | max %}
    {% endif %}
    {% if batches == 1 %}
        {% call statement("main") %}
            copy (
                {{ query }}
            ) to '{{ location }}' {{ options }}
        {% endcall %}
    {% else %}
        {% set parts = [] %}
        {% for batch in range(batches) %}
            {% set part = location ~ ".part" ~ batch %}
            {% set condition = batch_by ~ " >= " ~ batch * size
                ~ " and " ~ batch_by ~ " < " ~ (batch + 1) * size %}
            {% call statement("batch") %}
                copy (
                    {{ query | replace(in_batch(), condition) }}
                ) to '{{ part }}' {{ options }}
            {% endcall %}
            {% do parts.append(part) %}
            {% do log(this.identifier ~ ": batch " ~ (batch + 1) ~ " of " ~ batches, info=True) %}
        {% endfor %}
        {% call statement("main") %}
            copy (
                select * from read_parquet({{ text_list(parts) }})
            ) to '{{ location }}' {{ options }}
        {% endcall %}
        {% do longtail_package("remove", {"files": parts}) %}
    {% endif %}
{% endmacro %}
