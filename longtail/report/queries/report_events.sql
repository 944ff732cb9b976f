-- One row per event of a user in the explorer, the latest ones.
select
    user_key,
    place,
    product_key,
    event_at,
    event_type
from (
    select
        interactions.user_key,
        interactions.product_key,
        interactions.event_at,
        interactions.event_type,
        row_number() over (
            partition by interactions.user_key
            order by
                interactions.event_at desc,
                interactions.event_weight desc,
                interactions.product_key
        ) as place
    from int_interactions as interactions
    semi join report_users on interactions.user_key = report_users.user_key
)
where place <= $events_per_user
