{# 1. looks: a row per step of a session;
   2. repeated: the step's choice, which a second look shares with the first;
   3. directed: how far the session has drifted; then style and leaf by it. #}
with looks as (
    select
        *,
        unnest(range(step_count)) as step
    from {{ ref("demo_sessions") }}
),

categories as (
    select * from {{ ref("demo_categories") }}
),

numbered as (
    select
        *,
        session_number * 64 + step as step_number
    from looks
),

repeated as (
    {# A step's choice decides its draws: a second look has the choice of the first. #}
    select
        *,
        step_number - case
            when step = 0 then 0
            when {{ demo_uniform("looks again", "step_number") }} < 0.25 then 1
            else 0
        end as choice
    from numbered
),

directed as (
    {# A session moves from its style to a neighbouring one, then to complements. #}
    select
        *,
        choice % 64 / step_count + 0.5 * {{ demo_uniform("drift", "choice") }}
            as progress,
        is_robot or {{ demo_uniform("strays", "choice") }} < 0.05 as strays
    from repeated
)

select
    user_number,
    user_id,
    is_robot,
    brand_slot,
    brand_loyalty,
    thrift,
    user_session,
    start_second,
    start_second + pace * step + case when step * 2 >= step_count then pause else 0 end
        as step_second,
    pace,
    tier,
    step_number,
    choice,
    not strays and progress between 0.9 and 1.2 as is_neighbour,
    case
        when strays then {{ demo_uniform("other style", "choice") }}
        else taste_style
    end as style_draw,
    case
        when is_robot
            then {{ demo_pick(
                "any leaf", "choice", "(select count(*) from categories)"
            ) }}
        when strays
            then {{ demo_zipf(
                demo_uniform("other leaf", "choice"),
                "(select count(*) from categories)", 0.8
            ) }}
        when progress > 1.2 then complement_leaf
        else taste_leaf
    end as leaf_number
from directed
