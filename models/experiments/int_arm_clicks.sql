{{ config(enabled=var("impressions", "") != "" and experiments() | length > 0) }}

{# Users were randomised, not impressions: variances are those between users. #}
with expected as (
    {% set rest = namespace(share=1.0) %}
    {% for experiment in experiments() %}
        select
            '{{ experiment["name"] }}' as experiment,
            cast({{ rest.share * experiment["share"] }} as double) as share
        union all
        {% set rest.share = rest.share * (1 - experiment["share"]) %}
    {% endfor %}
    select
        'control' as experiment,
        cast({{ rest.share }} as double) as share
),

users as (
    select
        arm,
        user_id,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks
    from {{ ref("int_impressions") }}
    group by arm, user_id
),

arms as (
    select
        expected.experiment as arm,
        expected.share,
        count(users.user_id) as users,
        cast(coalesce(sum(users.impressions), 0) as bigint) as impressions,
        cast(coalesce(sum(users.clicks), 0) as bigint) as clicks,
        sum(users.clicks) * 1e0 / nullif(sum(users.impressions), 0) as share_clicked,
        {{ ratio_variance(
            "count(*)",
            "nullif(sum(users.impressions), 0)",
            "sum(users.clicks)",
            "sum(users.impressions * users.impressions)",
            "sum(users.impressions * users.clicks)",
            "sum(users.clicks * users.clicks)"
        ) }} as variance
    from expected
    left join users on expected.experiment = users.arm
    group by expected.experiment, expected.share
)

select * from arms
