{% macro people_pairs() -%}
    {#
        The query for pairs by day without those of robots: int_daily_pairs (as `daily`) less
        int_robot_pairs. Robots are removed here, and not from the days, because the list of robots
        can change with each day. Subtracted before ageing rounds: a robot would leave a millionth
        behind, which can decide a tie.
    #}
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
{%- endmacro %}
