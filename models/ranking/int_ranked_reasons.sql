{# The features that moved a ranked row most, in words. #}
{% if ranker() == "off" %}
    select
        cast(null as integer) as user_key,
        cast(null as integer) as product_key,
        cast(null as integer) as place,
        cast(null as string) as feature,
        cast(null as string) as words,
        cast(null as double) as contribution
    where false
{% else %}
    with words as (
        select listed.* from (
            values
            {% for feature, words in feature_words().items() %}
                ('{{ feature }}', '{{ words }}'){{ "," if not loop.last }}
            {% endfor %}
        ) as listed (feature, words)
    ),

    users as (
        select distinct
            user_key,
            user_key as first_user_key
        from {{ ref("int_contributions") }}
        union all
        select
            user_key,
            first_user_key
        from {{ ref("int_equal_histories") }}
        where scope = 'published'
    )

    select
        users.user_key,
        contributions.product_key,
        contributions.place,
        contributions.feature,
        words.words || ': ' || coalesce(case
            when contributions.value = floor(contributions.value)
                then cast(cast(contributions.value as bigint) as string)
            else cast(round(contributions.value, 3) as string)
        end, 'none') as words,
        contributions.contribution
    from users
    inner join {{ ref("int_contributions") }} as contributions
        on users.first_user_key = contributions.user_key
    left join words on contributions.feature = words.feature
    order by users.user_key, contributions.product_key, contributions.place
{% endif %}
