{{ config(materialized="parquet_by_day", day="event_date", days_of="stg_events") }}

with events as (
    {# Duplicates have the same time, hence the same day. Rows with a weight of their
       own, such as the lines of an order, are no duplicates: each counts. #}
    select
        event_date,
        event_at,
        event_type,
        product_id,
        category_id,
        category_code,
        brand,
        price,
        user_id,
        user_session,
        product_name,
        event_weight,
        case when event_weight is not null then source_file || ':' || source_row end
            as weighted_row,
        count(*) as copies
    from {{ ref("stg_events") }}
    where {{ in_days("event_date") }}
    group by all
),

placed as (
    select
        *,
        rank() over (
            partition by event_date
            order by user_id, coalesce(user_session, ''), event_at
        ) as place
    from events
)

select * from placed
