with sliding_activity as (
    select
        user_id,
        sum(clicks) over sliding_days as clicks,
        sum(purchases) over sliding_days as purchases
    from {{ ref("int_user_days") }}
    window sliding_days as (
        partition by user_id
        order by event_date
        range between
        interval {{ var("robot_days") | int - 1 }} days preceding and current row
    )
),

robots as (
    select
        user_id,
        cast(max(clicks) as bigint) as most_clicks,
        cast(max(purchases) as bigint) as most_purchases
    from sliding_activity
    group by user_id
    having
        max(clicks) > {{ var("robot_clicks") }}
        or max(purchases) > {{ var("robot_purchases") }}
)

select
    robots.user_id,
    users.user_key,
    robots.most_clicks,
    robots.most_purchases
from robots
inner join {{ ref("int_user_keys") }} as users on robots.user_id = users.user_id
