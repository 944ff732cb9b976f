{# Pairs of robots are taken off here, and not from the days, since whoever turns out to
   be a robot has been one on all days. #}
with people_pairs as (

    {# Subtracted before ageing rounds: a robot would leave a millionth behind, which can
       decide a tie. #}
    select
        daily.session_date,
        daily.product_key_a,
        daily.product_key_b,
        daily.sessions_together - coalesce(robots.sessions_together, 0)
            as sessions_together,
        round(1e6 * (daily.pair_weight - coalesce(robots.pair_weight, 0)))
            as micro_weight
    from {{ ref("int_daily_pairs") }} as daily
    left join {{ ref("int_robot_pairs") }} as robots
        on
            daily.session_date = robots.session_date
            and daily.product_key_a = robots.product_key_a
            and daily.product_key_b = robots.product_key_b

),

aged_pairs as (

    {# Rounded before it is summed: sums of floats depend on their order, and with it
       the graph would depend on the threads. #}
    select
        people_pairs.product_key_a,
        people_pairs.product_key_b,
        people_pairs.sessions_together,
        cast(round(people_pairs.micro_weight * {{ half_life(
            "date_diff('day', people_pairs.session_date, timeline.graph_cutoff_at::date)",
            var("half_life_days")
        ) }}) as bigint) as micro_weight
    from people_pairs
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
