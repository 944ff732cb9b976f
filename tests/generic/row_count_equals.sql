{% test row_count_equals(model, expected) %}
    {# The two counts when they differ; `expected` is an SQL expression, a subquery
       mostly. #}
    with counts as (
        select
            (select count(*) from {{ model }}) as row_count,
            ({{ expected }}) as expected_count
    )

    select * from counts
    where row_count is distinct from expected_count
{% endtest %}
