{% test not_empty(model) %}
    {# One row when the table has none. #}
    select count(*) as row_count
    from {{ model }}
    having count(*) = 0
{% endtest %}
