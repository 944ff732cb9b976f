{# In the order of their first day, so that a new day changes no number. #}
with users as (
    select
        user_id,
        min(event_date) as first_date
    from {{ ref("int_user_days") }}
    group by user_id
),

numbered as (
    select
        user_id,
        cast(
            row_number() over (order by first_date, user_id) - 1 as integer
        ) as user_key
    from users
)

select * from numbered
