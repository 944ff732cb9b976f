with shoppers as (
    {# Steps of the golden ratio spread the quantiles evenly: the number of events hardly
       depends on the seed, in spite of the heavy tail. #}
    select
        range as user_number,
        false as is_robot,
        (range * 0.6180339887498949 + {{ demo_uniform('shift', '1') }}) % 1 as quantile
    from range({{ demo_size('users') }})
),

robots as (
    select
        {{ demo_size('users') }} + range as user_number,
        true as is_robot,
        0.0 as quantile
    from range({{ demo_size('robots') }})
),

everyone as (
    select * from shoppers
    union all
    select * from robots
)

select
    user_number,
    cast(512000000 + user_number * 17 + {{ demo_pick('id', 'user_number', 17) }} as varchar)
        as user_id,
    is_robot,
    case
        when not is_robot then least(60, cast(floor(pow(1 - quantile, -1 / 1.25)) as bigint))
        {# The first robot reads all day, the second buys: each breaks one threshold. #}
        when (user_number - {{ demo_size('users') }}) % 2 = 0 then 40
        else 6
    end as session_count,
    {{ demo_uniform('first visit', 'user_number') }} as first_visit,
    case
        when is_robot then least(0.3, 9.0 / {{ var('demo_days') }})
        else pow({{ demo_uniform('span', 'user_number') }}, 2)
    end as active_span,
    {{ demo_pick('persona', 'user_number', 60) }} as persona,
    1 + {{ demo_pick('tastes', 'user_number', 4) }} as taste_count,
    {{ demo_pick('tier', 'user_number', 3) }} as tier,
    {{ demo_zipf(demo_uniform('brand slot', 'user_number'), 4, 0.9) }} as brand_slot,
    0.8 * {{ demo_uniform('loyalty', 'user_number') }} as brand_loyalty,
    case
        when not is_robot then 0.4 + 1.6 * {{ demo_uniform('thrift', 'user_number') }}
        when session_count = 40 then 1000
        else 0
    end as thrift
from everyone
