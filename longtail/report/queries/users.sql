-- One row per user in the explorer: events and recommendations refer to products by position.
with events as (

    select
        report_events.user_key,
        list([
            strftime(report_events.event_at, '%Y-%m-%d %H:%M'),
            report_events.event_type,
            cast(products.position as varchar)
        ] order by report_events.place) as events
    from report_events
    inner join report_products as products
        on report_events.product_key = products.product_key
    group by report_events.user_key

),

recommendations as (

    select
        recommended.user_id,
        list([
            cast(products.position as varchar),
            recommended.source,
            cast(because.position as varchar),
            recommended.because_event_type,
            case when recommended.is_seen then 'seen before' end
        ] order by recommended.rank) as recommendations
    from report_recommendations as recommended
    inner join report_products as products on recommended.product_id = products.product_id
    left join report_products as because on recommended.because_product_id = because.product_id
    group by recommended.user_id

)

select
    users.user_id as id,
    users.kind,
    coalesce(events.events, []) as events,
    recommendations.recommendations
from report_users as users
inner join recommendations on users.user_id = recommendations.user_id
left join events on users.user_key = events.user_key
order by users.place, users.kind
