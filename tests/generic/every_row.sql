{% test every_row(model, satisfies, key=[], nullable=[]) %}
    {# Rows for which a condition is false or null, with the first such condition; with
       a key, that of each such row, and keys that several rows have or that have a
       null part. #}
    {% set is_unique = "one row per " ~ key | join(", ") %}
    with judged as (
        select
            case
                {% for condition in satisfies %}
                    when ({{ condition }}) is not true
                        then {{ text_literal(condition) }}
                {% endfor %}
            end as broken_condition,
            {{ key | join(", ") if key else "*" }}
        from {{ model }}
    )

    select * from judged
    where broken_condition is not null
    {% if key %}
        union all
        select
            {{ text_literal(is_unique) }} as broken_condition,
            {{ key | join(", ") }}
        from {{ model }}
        where {{ sampled_by_key(model, key) }}
        group by {{ key | join(", ") }}
        having
            count(*) > 1
            {% for column in key if column not in nullable %}
                or {{ column }} is null
            {% endfor %}
    {% endif %}
{% endtest %}
