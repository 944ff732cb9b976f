{{ config(tags=['demo'], enabled=not var('events', '')) }}

{# The second robot, the first reseller, appears from 73 thousand events on. #}
with robots as (
    select user_id from {{ ref('demo_users') }}
    where is_robot
),

counted as (
    select
        events.user_id,
        count(*) filter (where events.event_type = 'view') as seen,
        count(*) filter (where events.event_type = 'purchase') as bought
    from {{ ref('demo_events') }} as events
    inner join robots
        on events.user_id = robots.user_id
    group by events.user_id
),

kinds as (
    select
        count(*) as robots,
        count(*) filter (where seen > 1200) as crawlers,
        count(*) filter (where bought > 330) as resellers
    from counted
)

select * from kinds
where
    crawlers = 0
    or crawlers + resellers < robots
    or (robots > 1 and resellers = 0)
