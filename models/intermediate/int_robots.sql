with daily_activity as (

    select
        user_id,
        cast(event_at as date) as event_date,
        count(*) filter (
            where array_contains(
                {{ text_list(var("click_event_types")) }}, event_type
            )
        ) as clicks,
        count(*) filter (
            where array_contains(
                {{ text_list(var("purchase_event_types")) }}, event_type
            )
        ) as purchases
    from {{ ref("int_events_deduplicated") }}
    group by all

),

sliding_activity as (

    select
        user_id,
        sum(clicks) over sliding_days as clicks,
        sum(purchases) over sliding_days as purchases
    from daily_activity
    window sliding_days as (
        partition by user_id
        order by event_date
        range between
        interval ({{ var("robot_days") }} - 1) days preceding and current row
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

select * from robots
