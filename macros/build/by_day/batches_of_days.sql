{% macro batches_of_days(first_day) %}
    {#
        Splits a model's days from `first_day` on into batches for `parquet_by_day`, so that memory
        does not grow with the log: a list of {first_day, last_day, batch, batches}.
    #}
    {% set batches = [] %}
    {% if config.get("days_of") %}
        {% for first, last in longtail_package("day_batches", {
            "table": config.get("days_of"), "first_day": first_day
        }) %}
            {% do batches.append({"first_day": first, "last_day": last, "batch": 0, "batches": 1}) %}
        {% endfor %}
    {% elif config.get("in_batches") %}
        {% set rows = namespace(count=0) %}
        {% for table in tables_by_day_read() %}
            {% set rows.count = rows.count + longtail_package(
                "rows_since", {"table": table, "first_day": first_day}
            ) %}
        {% endfor %}
        {% set rows_at_once = 12000000 %}
        {% set count = [(rows.count + rows_at_once - 1) // rows_at_once, 1] | max %}
        {% for number in range(count) %}
            {% do batches.append({
                "first_day": first_day,
                "last_day": "9999-12-31",
                "batch": number,
                "batches": count,
            }) %}
        {% endfor %}
    {% else %}
        {% do batches.append(
            {"first_day": first_day, "last_day": "9999-12-31", "batch": 0, "batches": 1}
        ) %}
    {% endif %}
    {{ return(batches) }}
{% endmacro %}
