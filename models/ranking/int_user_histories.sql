with {{ user_histories(var("history_length")) }}

select
    scope,
    user_key,
    place,
    product_key,
    event_type,
    last_event_at,
    interest,
    repeat_interest
from histories
