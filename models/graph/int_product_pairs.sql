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

aged_pairs as (

    {# Rounded before it is summed: sums of floats depend on their order, and with it
       the graph would depend on the threads. #}
    select
        signed_pairs.product_key_a,
        signed_pairs.product_key_b,
        signed_pairs.counted * signed_pairs.sessions_together as sessions_together,
        signed_pairs.counted * cast(round(1e6 * signed_pairs.pair_weight * {{ half_life(
            "date_diff('day', signed_pairs.session_date, timeline.graph_cutoff_at::date)",
            var("half_life_days")
        ) }}) as bigint) as micro_weight
    from signed_pairs
    cross join {{ ref("int_timeline") }} as timeline

),

pairs as (

    select
        product_key_a,
        product_key_b,
        cast(sum(sessions_together) as bigint) as sessions_together,
        sum(micro_weight) / 1e6 as pair_weight
    from aged_pairs
    group by all

)

select * from pairs
where pair_weight > 0
