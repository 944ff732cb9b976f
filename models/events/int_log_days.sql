with days as (
    select
        event_date,
        cast(sum(events) as bigint) as events,
        count(*) as users,
        {# A clock of seconds shows a whole minute one time in sixty. #}
        2 * sum(whole_minutes) <= sum(events) as has_seconds
    from {{ ref("int_user_days") }}
    group by event_date
),

{{ days_of_the_log("days") }}

select
    event_date,
    events,
    users,
    has_seconds,
    has_traffic
from days_of_the_log
