with visits as (
    select
        *,
        unnest(range(session_count)) as session_index
    from {{ ref("demo_users") }}
),

hours as (
    select * from {{ ref("demo_hours") }}
),

numbered as (
    select
        *,
        user_number * 64 + session_index as session_number
    from visits
),

timed as (
    {# Users come back within their active days; past the end these wrap around. #}
    select
        *,
        cast(floor((select count(*) from hours) * ((
            first_visit + active_span * {{ demo_uniform("visit", "session_number") }}
        ) % 1)) as bigint) as ticket_number
    from numbered
)

select
    timed.user_number,
    timed.user_id,
    timed.is_robot,
    timed.persona,
    timed.taste_count,
    timed.tier,
    timed.brand_slot,
    timed.brand_loyalty,
    timed.thrift,
    timed.session_number,
    md5('{{ var("demo_seed") }}:' || timed.session_number) as user_session,
    hours.hour_number * 3600
    + {{ demo_pick("second", "timed.session_number", 3600) }} as start_second,
    12 + {{ demo_popular(
        demo_uniform("pace", "timed.session_number"), 120, 2
    ) }} as pace,
    case
        when {{ demo_uniform("pauses", "timed.session_number") }} < 0.03
            then 3700 + {{ demo_pick("pause", "timed.session_number", 25000) }}
        else 0
    end as pause,
    case
        when timed.is_robot then 40
        else 1 + {{ demo_zipf(
            demo_uniform("length", "timed.session_number"), 40, 1.95
        ) }}
    end as step_count
from timed
inner join hours
    on timed.ticket_number = hours.ticket_number
