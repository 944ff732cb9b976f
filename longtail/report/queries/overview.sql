-- One row: the figures at the top, those of events by the words of build_info.
with build as (

    select *
    from build_info
    order by built_at desc
    limit 1

)

select
    (select events_kept + events_rejected from build) as events_read,
    (select events_kept from build) as events_kept,
    (select events_clean from build) as events_clean,
    (select events_learned from build) as events_learned,
    (select users_learned from build) as users_learned,
    (select count(*) from products) as products,
    (select count(*) from user_recommendations) as recommendations,
    (select count(*) from product_edges) as edges,
    (select max(first_event_at) from int_timeline) as first_event_at,
    (select max(last_event_at) from int_timeline) as last_event_at,
    (select max(graph_cutoff_at) from int_timeline) as graph_cutoff_at
