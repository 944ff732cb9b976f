-- One row: the latest build, by its own words.
select
    built_at,
    events_read = 'demo events' as is_demo,
    events_kept + events_rejected as events_read,
    events_kept,
    events_clean,
    events_learned,
    users_learned,
    first_event_at,
    last_event_at,
    graph_cutoff_at,
    -- how many days of silence lie between the last event and the build
    greatest(datesub('day', last_event_at, built_at), 0) as days_behind,
    settings,
    -- that of the catalogue, if it names only one
    coalesce(
        nullif(settings ->> 'currency', ''),
        (
            select min(products.currency)
            from products
            having min(products.currency) = max(products.currency)
        )
    ) as currency
from build_info
order by built_at desc
limit 1
