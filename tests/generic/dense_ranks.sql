{% test dense_ranks(model, partition_by, rank="rank", first=1) %}
    {# Partitions whose ranks are not first, first + 1, first + 2 ... without gap or
       tie. #}
    select
        {% for column in partition_by %}
            {{ column }},
        {% endfor %}
        count(*) as row_count,
        count(distinct {{ rank }}) as ranks,
        min({{ rank }}) as first_rank,
        max({{ rank }}) as last_rank
    from {{ model }}
    {% if partition_by %}
        where {{ sampled_by_key(model, partition_by) }}
        group by {{ partition_by | join(", ") }}
    {% endif %}
    having
        count(*) != count(distinct {{ rank }})
        or min({{ rank }}) != {{ first }}
        or max({{ rank }}) != {{ first }} + count(*) - 1
{% endtest %}
