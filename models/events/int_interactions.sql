with flagged as (
    select * from {{ ref("int_events_flagged") }}
),

interactions as (
    select
        flagged.user_key,
        flagged.product_key,
        flagged.session_id,
        flagged.event_at,
        flagged.event_type,
        flagged.event_weight,
        {{ is_one_of("flagged.event_type", var("purchase_event_types")) }}
            as is_purchase,
        flagged.event_at >= timeline.graph_cutoff_at as is_holdout
    from flagged
    cross join {{ ref("int_timeline") }} as timeline
    anti join {{ ref("int_robots") }} as robots on flagged.user_key = robots.user_key
    where flagged.removed_as is null and flagged.event_at < timeline.log_ends_at
)

select * from interactions
