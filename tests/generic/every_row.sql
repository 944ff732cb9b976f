{% test every_row(model, satisfies) %}
    {# Rows for which a condition is false or null, with the first such condition. #}
    with judged as (
        select
            case
                {% for condition in satisfies %}
                    when ({{ condition }}) is not true
                        then {{ text_literal(condition) }}
                {% endfor %}
            end as broken_condition,
            *
        from {{ model }}
    )

    select * from judged
    where broken_condition is not null
{% endtest %}
