with events as (

    select * from {{ ref("stg_events") }}

),

deduplicated as (

    select distinct
        event_at,
        event_type,
        product_id,
        category_id,
        category_code,
        brand,
        price,
        user_id,
        user_session,
        product_name
    from events

)

select * from deduplicated
