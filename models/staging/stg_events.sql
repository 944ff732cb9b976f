{{ config(post_hook="{{ require_events() }}") }}

with raw_events as (

    select * from {{ ref("stg_raw_events") }}

),

kept as (

    select
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
        source_file,
        source_row
    from raw_events
    where reject_reason is null

)

select * from kept
