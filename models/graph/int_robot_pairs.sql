with steps as (
    select session_steps.*
    from {{ ref("int_session_steps") }} as session_steps
    semi join {{ ref("int_robots") }} as robots
        on session_steps.user_key = robots.user_key
),

{{ pairs_by_day("steps") }}

select * from pairs_by_day
