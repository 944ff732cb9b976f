{# The graph's inputs, checked by time and not by the flag is_holdout. #}
with timeline as (
    select graph_cutoff_at from {{ ref("int_timeline") }}
),

late_steps as (
    select
        'step of a session' as place,
        cast(steps.session_id as varchar) as found
    from {{ ref("int_session_steps") }} as steps
    cross join timeline
    where steps.event_at >= timeline.graph_cutoff_at
),

late_pairs as (
    select
        'pair of a day' as place,
        cast(max(daily_pairs.session_date) as varchar) as found
    from {{ ref("int_daily_pairs") }} as daily_pairs
    cross join timeline
    group by timeline.graph_cutoff_at
    having max(daily_pairs.session_date) > cast(timeline.graph_cutoff_at as date)
),

products_before_the_cut as (
    select distinct events.product_id
    from {{ ref("stg_events") }} as events
    cross join timeline
    where events.event_at < timeline.graph_cutoff_at
),

late_nodes as (
    select
        'node' as place,
        nodes.product_id as found
    from {{ ref("product_nodes") }} as nodes
    anti join products_before_the_cut
        on nodes.product_id = products_before_the_cut.product_id
),

{# A hundred edges are recounted: no edge has more sessions than held both products. #}
some_edges as (
    select
        product_key_a,
        product_key_b,
        sessions_together
    from {{ ref("int_pruned_pairs") }}
    order by md5(product_key_a || ' ' || product_key_b), product_key_a, product_key_b
    limit 100
),

some_products as (
    select product_key_a as product_key from some_edges
    union
    select product_key_b as product_key from some_edges
),

visits as (
    select distinct
        events.session_id,
        events.user_key,
        events.product_key
    from {{ ref("int_interactions") }} as events
    cross join timeline
    semi join some_products on events.product_key = some_products.product_key
    where
        events.event_weight > 0
        and events.event_at < timeline.graph_cutoff_at
),

late_groups as (
    select
        'product of a group' as place,
        groups.group_key || ' - ' || groups.product_key as found
    from {{ ref("int_group_products") }} as groups
    semi join some_products on groups.product_key = some_products.product_key
    anti join visits
        on
            groups.group_key
            = visits.{{ "user_key" if var("rp3_groups") == "users" else "session_id" }}
            and groups.product_key = visits.product_key
),

recounted as (
    select
        edges.product_key_a,
        edges.product_key_b,
        count(visits_b.session_id) as sessions
    from some_edges as edges
    inner join visits as visits_a on edges.product_key_a = visits_a.product_key
    left join visits as visits_b
        on
            visits_a.session_id = visits_b.session_id
            and edges.product_key_b = visits_b.product_key
    group by edges.product_key_a, edges.product_key_b
),

late_edges as (
    select
        'edge' as place,
        edges.product_key_a || ' - ' || edges.product_key_b as found
    from some_edges as edges
    left join recounted
        on
            edges.product_key_a = recounted.product_key_a
            and edges.product_key_b = recounted.product_key_b
    where edges.sessions_together > coalesce(recounted.sessions, 0)
)

select * from late_steps
union all
select * from late_pairs
union all
select * from late_nodes
union all
select * from late_groups
union all
select * from late_edges
