{{ config(
    materialized="parquet_by_day", day="event_date", days_of="int_events_deduplicated"
) }}

with product_days as (
    select
        event_date,
        product_id,
        category_id,
        category_code,
        brand,
        product_name,
        count(*) as events,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        max(event_at) filter (where price is not null) as priced_at,
        max_by(price, (event_at, price)) filter (where price is not null) as price
    from {{ ref("int_events_deduplicated") }}
    where {{ in_days("event_date") }}
    group by all
)

select * from product_days
