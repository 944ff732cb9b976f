{{ config(tags=['demo'], enabled=not var('events', '')) }}

{# Planted truth: at least 99 in 100 of the planted robots with an event are found, and
   at least 95 in 100 of those found are planted. #}
with planted as (
    select distinct events.user_id
    from {{ ref("demo_events") }} as events
    semi join {{ ref("demo_users") }} as users
        on events.user_id = users.user_id and users.is_robot
),

found as (
    select user_id from {{ ref("int_robots") }}
),

counts as (
    select
        count(*) as planted_or_found,
        count(planted.user_id) as robots_planted,
        count(found.user_id) as robots_found,
        count(*) filter (
            where planted.user_id is not null and found.user_id is not null
        ) as robots_found_rightly
    from planted
    full outer join found on planted.user_id = found.user_id
)

select
    *,
    robots_found_rightly / robots_planted as recall,
    robots_found_rightly / nullif(robots_found, 0) as precision
from counts
where
    coalesce(robots_found_rightly / nullif(robots_planted, 0), 0) < 0.99
    or coalesce(robots_found_rightly / nullif(robots_found, 0), 0) < 0.95
