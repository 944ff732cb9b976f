{% test primary_key(model, columns, nullable=[]) %}
    {# Duplicate keys, and keys with a null part. #}
    select
        {{ columns | join(",\n        ") }},
        count(*) as rows_with_key
    from {{ model }}
    where {{ sampled_by_key(model, columns) }}
    group by {{ columns | join(", ") }}
    having
        count(*) > 1
        {% for column in columns if column not in nullable %}
            or {{ column }} is null
        {% endfor %}
{% endtest %}
