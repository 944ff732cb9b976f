{# int_product_pairs as of the ranker's cut: sums over fewer days. Sessions that span
   the cut end there, and their days are recounted. #}
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

daily_pairs as (
    {{ people_pairs() }}
),

people_pairs as (
    select
        session_date,
        product_key_a,
        product_key_b,
        sessions_together,
        round(1e6 * pair_weight) as micro_weight
    from pairs_by_day
    union all
    select daily_pairs.*
    from daily_pairs
    inner join recounted on daily_pairs.session_date < recounted.first_date
),

{{ pair_weights("people_pairs", ref("int_learning_timeline")) }}

select * from pair_weights
