{{ config(
    materialized="parquet_by_day",
    day="session_date",
    days_of="int_events_flagged",
    starts_at="first_moved_day",
    as_of="graph_cutoff",
) }}

with events as (
    {# Keep robots here: the list of robots can change daily. int_product_pairs
       subtracts their pairs. #}
    select events.*
    from {{ ref("int_events_flagged") }} as events
    cross join {{ ref("int_timeline") }} as timeline
    where
        {{ in_days("events.session_date") }}
        and events.removed_as is null
        and events.event_weight > 0
        and events.event_at < timeline.graph_cutoff_at
),

run_starts as (
    select
        *,
        coalesce(lag(product_key) over in_order != product_key, true) as is_run_start
    from events
    window in_order as (
        partition by session_id
        order by event_at, event_weight, event_type, product_key
    )
),

runs as (
    select
        *,
        cast(sum(cast(is_run_start as integer)) over (
            partition by session_id
            order by event_at, event_weight, event_type, product_key
            rows between unbounded preceding and current row
        ) as integer) as step
    from run_starts
),

steps as (
    {# View, cart and purchase of one product in a row are one step, with the strongest
       weight. #}
    select
        session_date,
        session_id,
        step,
        any_value(user_key) as user_key,
        any_value(product_key) as product_key,
        max(event_weight) as step_weight,
        min(event_at) as event_at
    from runs
    group by session_date, session_id, step
)

select * from steps
