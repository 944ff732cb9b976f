{# Numbered in the order of their first day, so that a new day changes no number. Ranked
   within the day: ordering all users at once would be a single Spark task. #}
with users as (
    select
        user_id,
        min(event_date) as first_date
    from {{ ref("int_user_days") }}
    group by user_id
),

days as (
    select
        first_date,
        sum(count(*)) over (order by first_date) - count(*) as users_before
    from users
    group by first_date
),

numbered as (
    select
        users.user_id,
        cast(
            days.users_before
            + row_number() over (partition by users.first_date order by users.user_id)
            - 1 as integer
        ) as user_key
    from users
    inner join days on users.first_date = days.first_date
)

{# Sorted, so that a reader of one user skips most of the file. #}
select * from numbered
order by user_id
