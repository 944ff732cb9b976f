{# Pairs of robots are taken off here, and not from the days, since whoever turns out to
   be a robot has been one on all days. #}
with signed_pairs as (

    select
        *,
        1 as counted
    from {{ ref("int_daily_pairs") }}
    union all by name
    select
        *,
        -1 as counted
    from {{ ref("int_robot_pairs") }}

),

{{ pair_weights("signed_pairs", ref("int_timeline")) }}

select * from pair_weights
