{% test finite_vectors(model, column_name, length) %}
    {# Rows whose list has another length than promised, or holds null, NaN or
       infinity. #}
    select *
    from {{ model }}
    where
        {{ column_name }} is null
        or len({{ column_name }}) != {{ length }}
        or not coalesce(isfinite(list_sum({{ column_name }})), false)
        or list_count({{ column_name }}) != {{ length }}
{% endtest %}
