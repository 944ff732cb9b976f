with steps as (
    select session_steps.*
    from {{ ref("int_session_steps") }} as session_steps
    anti join {{ ref("int_robots") }} as robots
        on session_steps.user_key = robots.user_key
),

looks as (
    select
        product_key,
        count(*) as looks
    from steps
    group by product_key
)

select * from looks
