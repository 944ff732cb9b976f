{# 1. visits: each with one of its user's tastes;
   2. keyed: the taste's key, which decides its draws;
   3. drawn: its leaf; then style, tier and the leaf that goes with it. #}
with visits as (
    select
        *,
        user_number * 8 + {{ demo_zipf(
            demo_uniform("taste", "session_number"), "taste_count", 0.8
        ) }} as user_taste
    from {{ ref("demo_visits") }}
),

categories as (
    select * from {{ ref("demo_categories") }}
),

keyed as (
    {# A taste's key decides all its draws; the users of a persona share keys. #}
    select
        *,
        case
            when {{ demo_uniform("explores", "session_number") }} < 0.12
                then 100000000 + session_number
            when {{ demo_uniform("conforms", "user_taste") }} < 0.5
                then persona * 8 + {{ demo_pick("shared taste", "user_taste", 4) }}
            else 1000 + user_taste
        end as taste
    from visits
),

drawn as (
    select
        *,
        {{ demo_zipf(
            demo_uniform("leaf", "taste"), "(select count(*) from categories)", 0.65
        ) }} as taste_leaf
    from keyed
)

select
    drawn.user_number,
    drawn.user_id,
    drawn.is_robot,
    drawn.brand_slot,
    drawn.brand_loyalty,
    drawn.thrift,
    drawn.session_number,
    drawn.user_session,
    drawn.start_second,
    drawn.pace,
    drawn.pause,
    drawn.step_count,
    drawn.taste_leaf,
    {{ demo_uniform("style", "drawn.taste") }} as taste_style,
    case
        when {{ demo_uniform("other tier", "drawn.session_number") }} < 0.2
            then {{ demo_pick("which tier", "drawn.session_number", 3) }}
        else drawn.tier
    end as tier,
    case
        when {{ demo_uniform("which complement", "drawn.session_number") }} < 0.6
            then categories.complement_leaf_1
        else categories.complement_leaf_2
    end as complement_leaf
from drawn
inner join categories
    on drawn.taste_leaf = categories.leaf_number
