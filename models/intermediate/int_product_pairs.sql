with daily_pairs as (

    select * from {{ ref("int_daily_pairs") }}

),

aged_pairs as (

    {# Rounded before it is summed: sums of floats depend on their order, and with it
       the graph would depend on the threads. #}
    select
        daily_pairs.product_key_a,
        daily_pairs.product_key_b,
        daily_pairs.sessions_together,
        cast(round(1e6 * daily_pairs.pair_weight * {{ half_life(
            "date_diff('day', daily_pairs.event_date, timeline.graph_cutoff_at::date)",
            var("half_life_days")
        ) }}) as bigint) as micro_weight
    from daily_pairs
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
