{% test every_row(
    model, satisfies=[], key=[], nullable=[],
    ranks_within=none, rank="rank", first=1, score=none, row_count=none
) %}
    {# What is broken, and where. One test for all that holds for a table's rows, since
       starting a test costs more than its query. A sample of whole groups of ranks holds
       all rows of a key, so that large tables are sampled once for all checks. #}
    {% set place = key | join(", ") %}
    {% set groups = (ranks_within or []) | join(", ") %}
    {% set of_key = model ~ " where " ~ sampled_by_key(model, key) if key %}
    {% set of_groups = "sampled" if ranks_within else model %}
    {% if ranks_within and not ranks_within | reject("in", key) | list %}
        {% set of_key = of_groups %}
    {% endif %}
    with
    {% if ranks_within %}
        {% set columns = ranks_within + key + [rank] + ([score] if score else []) %}
        sampled as materialized (
            select {{ columns | unique | join(", ") }} from {{ model }}
            where {{ sampled_by_key(model, ranks_within) }}
        ),
    {% endif %}
    judged as (
        select
            *,
            case
                {% for condition in satisfies %}
                    when ({{ condition }}) is not true
                        then {{ text_literal(condition) }}
                {% endfor %}
                when false then null
            end as broken_condition
        from {{ model }}
    )

    select
        broken_condition,
        {{ "concat_ws(', ', " ~ place ~ ")" if key else "cast(judged as varchar)" }} as place
    from judged
    where broken_condition is not null
    {% if key %}
        union all
        select
            {{ text_literal("one row per " ~ place) }} as broken_condition,
            concat_ws(', ', {{ place }}) as place
        from {{ of_key }}
        group by {{ place }}
        having
            count(*) > 1
            {% for column in key if column not in nullable %}
                or {{ column }} is null
            {% endfor %}
    {% endif %}
    {% if ranks_within is not none %}
        union all
        {# Not first, first + 1, first + 2 ... without gap or tie. #}
        select
            {{ text_literal("dense " ~ rank ~ " from " ~ first) }} as broken_condition,
            concat_ws(', ', '', {{ groups or "''" }}) as place
        from {{ of_groups }}
        {{ "group by " ~ groups if groups }}
        having
            count(*) != count(distinct {{ rank }})
            or min({{ rank }}) != {{ first }}
            or max({{ rank }}) != {{ first }} + count(*) - 1
    {% endif %}
    {% if score is not none %}
        union all
        select
            {{ text_literal(score ~ " falls with " ~ rank) }} as broken_condition,
            concat_ws(', ', {{ groups }}, {{ rank }}) as place
        from (
            select
                *,
                lag({{ score }}) over (
                    partition by {{ groups }}
                    order by {{ rank }}
                ) as score_before
            from {{ of_groups }}
        )
        where {{ score }} > score_before
    {% endif %}
    {% if row_count is not none %}
        union all
        select
            {{ text_literal(row_count ~ " rows") }} as broken_condition,
            cast(row_counts.found as varchar) as place
        from (
            select
                (select count(*) from {{ model }}) as found,
                ({{ row_count }}) as expected
        ) as row_counts
        where row_counts.found is distinct from row_counts.expected
    {% endif %}
{% endtest %}
