{% macro copy_days(query, since) %}
    {# Write the days of a model's query from `since` on beside its table, in batches. #}
    {% set table = this.identifier %}
    {% set day = config.get("day") %}
    {% for batch in batches_of_days(since) %}
        {# A single day needs no partitioning. #}
        {% set is_one_day = batch.first_day == batch.last_day %}
        {% set part = longtail_package("new_part", {
            "table": table,
            "part": loop.index0,
            "day": day ~ "=" ~ batch.first_day if is_one_day else "",
        }) %}
        {% call statement("main") %}
            {{ set_variables({
                "first_day": "date '" ~ batch.first_day ~ "'",
                "last_day": "date '" ~ batch.last_day ~ "'",
                "batch": batch.batch,
                "batches": batch.batches,
            }) }}
            copy (
                {{ "select * exclude (" ~ day ~ ") from (" if is_one_day }}
                {{ query }}
                {{ ")" if is_one_day }}
            ) to '{{ part }}{{ "/data.parquet" if is_one_day }}' (
                format parquet,
                compression zstd
                {{ ", partition_by (" ~ day ~ ")" if not is_one_day }}
            );
            {{ set_variables(
                {"first_day": "null", "last_day": "null", "batch": "null", "batches": "null"}
            ) }}
        {% endcall %}
        {% if loop.length > 1 %}
            {% do log(table ~ ": batch " ~ loop.index ~ " of " ~ loop.length, info=True) %}
        {% endif %}
    {% endfor %}
    {% if not longtail_package("collect_days", {"table": table, "first_day": since, "day": day}) %}
        {# An empty table keeps its columns. #}
        {% set folder = work_folder() ~ "/" ~ table ~ ".parquet.new/" ~ day ~ "=1970-01-01" %}
        {% call statement("empty") %}
            copy (
                select * exclude ({{ day }}) from ({{ query }}) limit 0
            ) to '{{ folder }}/empty.parquet' (format parquet)
        {% endcall %}
    {% endif %}
{% endmacro %}
