{% test descending_scores(model, partition_by, score="score", rank="rank") %}
    {# Rows that score higher than the row ranked before them. #}
    with compared as (
        select
            *,
            lag({{ score }}) over (
                partition by {{ partition_by | join(", ") }}
                order by {{ rank }}
            ) as score_before
        from {{ model }}
        where {{ sampled_by_key(model, partition_by) }}
    )

    select * from compared
    where {{ score }} > score_before
{% endtest %}
