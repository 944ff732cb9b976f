with teaching_events as (
    select
        count(*) as events,
        count(distinct interactions.user_key) as users
    from {{ ref("int_interactions") }} as interactions
    semi join {{ ref("product_nodes") }} as nodes
        on interactions.product_key = nodes.product_key
    where not interactions.is_holdout and interactions.event_weight > 0
),

shop as (
    select
        count(*) filter (where is_in_catalogue) as catalogue_products,
        count(*) filter (where first_seen_at is null) as products_without_events,
        count(*) filter (where not is_in_catalogue) as products_not_in_catalogue
    from {{ ref("products") }}
),

this_build as (
    select
        '{{ invocation_id }}' as build_id,
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as built_at,
        {{ text_literal(var("events") or "demo events") }} as events_read,
        (select count(*) from {{ ref("stg_events") }}) as events_kept,
        (select count(*) from {{ ref("rejected_events") }}) as events_rejected,
        (select count(*) from {{ ref("int_interactions") }}) as events_clean,
        teaching_events.events as events_learned,
        teaching_events.users as users_learned,
        (
            select
                sum(case when log_days.has_seconds then 0 else log_days.events end)
                / sum(log_days.events)
            from {{ ref("int_log_days") }} as log_days
        ) as share_without_seconds,
        shop.catalogue_products,
        shop.products_without_events,
        shop.products_not_in_catalogue,
        timeline.first_event_at,
        timeline.last_event_at,
        timeline.graph_cutoff_at,
        {{ text_literal(settings_as_json()) }} as settings,
        '{{ dbt_version }}' as dbt_version,
        version() as duckdb_version,
        {{ text_literal(git_commit()) }} as git_commit
    from {{ ref("int_timeline") }} as timeline
    cross join teaching_events
    cross join shop
),

{# Kept per build, to explain trends. #}
every_build as (
    {{ union_by_name("this_build", earlier_rows("build_info")) }}
)

select * from every_build
