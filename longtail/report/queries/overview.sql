-- One row: the figures at the top.
select
    (select count(*) from stg_events) as events,
    (select count(*) from rejected_events) as rejected,
    (select count(*) from products) as products,
    (select count(*) from int_user_keys) as users,
    (select count(*) from user_recommendations) as recommendations,
    (select count(*) from product_edges) as edges,
    (select max(first_event_at) from int_timeline) as first_event_at,
    (select max(last_event_at) from int_timeline) as last_event_at,
    (select max(graph_cutoff_at) from int_timeline) as graph_cutoff_at
