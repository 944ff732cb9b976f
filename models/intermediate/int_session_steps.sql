with interactions as (

    select * from {{ ref("int_interactions") }}
    where not is_holdout and event_weight > 0

),

run_starts as (

    select
        *,
        coalesce(lag(product_key) over in_order != product_key, true) as is_run_start
    from interactions
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
        session_id,
        step,
        any_value(product_key) as product_key,
        max(event_weight) as step_weight,
        min(event_at) as event_at
    from runs
    group by session_id, step

)

select * from steps
