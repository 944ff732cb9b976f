{{ config(
    materialized="parquet_by_day", day="event_date", days_of="int_events_deduplicated"
) }}

with user_days as (
    select
        event_date,
        user_id,
        count(*) as events,
        cast(sum(copies) as bigint) as staged_events,
        count(*) filter (
            where event_at = date_trunc('minute', event_at)
        ) as whole_minutes,
        count(*) filter (
            where {{ is_one_of("event_type", var("click_event_types")) }}
        ) as clicks,
        count(*) filter (
            where {{ is_one_of("event_type", var("purchase_event_types")) }}
        ) as purchases
    from {{ ref("int_events_deduplicated") }}
    where {{ in_days("event_date") }}
    group by event_date, user_id
)

select * from user_days
