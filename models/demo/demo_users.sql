with shoppers as (
    {# Steps of the golden ratio spread the quantiles evenly: despite the heavy tail the
       number of events hardly depends on the seed. #}
    select
        range as user_number,
        cast(null as varchar) as robot,
        (range * 0.6180339887498949 + {{ demo_uniform("shift", "1") }}) % 1 as quantile
    from range({{ demo_size("users") }})
),

robots as (
    {# Each kind breaks one of the two thresholds: on clicks, on purchases. #}
    select
        {{ demo_size("users") }} + range as user_number,
        case range % 2 when 0 then 'crawler' else 'reseller' end as robot,
        0.0 as quantile
    from range({{ demo_size("robots") }})
),

everyone as (
    select * from shoppers
    union all
    select * from robots
)

select
    user_number,
    cast(
        512000000 + user_number * 17 + {{ demo_pick("user id", "user_number", 17) }}
        as varchar
    ) as user_id,
    robot is not null as is_robot,
    case robot
        when 'crawler' then 45
        when 'reseller' then 6
        else least(60, cast(floor(pow(1 - quantile, -0.8)) as bigint))
    end as session_count,
    {{ demo_uniform("first visit", "user_number") }} as first_visit,
    case
        when robot is null then pow({{ demo_uniform("span", "user_number") }}, 2)
        else least(0.3, 9.0 / {{ var("demo_days") }})
    end as active_span,
    {{ demo_pick("persona", "user_number", 120) }} as persona,
    1 + {{ demo_pick("tastes", "user_number", 4) }} as taste_count,
    {{ demo_pick("tier", "user_number", 3) }} as tier,
    {{ demo_zipf(demo_uniform("brand slot", "user_number"), 4, 0.9) }} as brand_slot,
    0.8 * {{ demo_uniform("loyalty", "user_number") }} as brand_loyalty,
    case robot
        when 'crawler' then 1000
        when 'reseller' then 0
        else 0.4 + 1.6 * {{ demo_uniform("thrift", "user_number") }}
    end as thrift
from everyone
