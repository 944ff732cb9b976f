with users as (

    select distinct user_id from {{ ref("int_events_deduplicated") }}

),

numbered as (

    select
        user_id,
        cast(row_number() over (order by user_id) - 1 as integer) as user_key
    from users

)

select * from numbered
