{# int_product_pairs as of the ranker's cut: sums over fewer days. Sessions that go on
   after it are cut there, and the days from the first of them on counted again. #}
with recounted as (

    select
        any_value(timeline.graph_cutoff_at) as cutoff_at,
        least(
            min(steps.session_date), cast(any_value(timeline.graph_cutoff_at) as date)
        ) as first_date
    from {{ ref("int_learning_timeline") }} as timeline
    left join {{ ref("int_session_steps") }} as steps
        on timeline.graph_cutoff_at <= steps.event_at

),

steps as (

    select steps.*
    from {{ ref("int_session_steps") }} as steps
    inner join recounted
        on
            steps.session_date >= recounted.first_date
            and steps.event_at < recounted.cutoff_at
    anti join {{ ref("int_robots") }} as robots on steps.user_key = robots.user_key

),

{{ pairs_by_day("steps") }},

signed_pairs as (

    select
        *,
        1 as counted
    from pairs_by_day
    union all by name
    select
        *,
        1 as counted
    from {{ ref("int_daily_pairs") }}
    where session_date < (select recounted.first_date from recounted)
    union all by name
    select
        *,
        -1 as counted
    from {{ ref("int_robot_pairs") }}
    where session_date < (select recounted.first_date from recounted)

),

{{ pair_weights("signed_pairs", ref("int_learning_timeline")) }}

select * from pair_weights
