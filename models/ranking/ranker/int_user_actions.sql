{{ config(materialized="ephemeral") }}

{# What users did next: int_interactions and the repeats removed from it, since a second
   look at the last product is an answer too. #}
select
    events.user_key,
    events.product_key,
    events.event_at,
    {{ is_one_of("events.event_type", var("purchase_event_types")) }} as is_purchase
from {{ ref("int_events_flagged") }} as events
anti join {{ ref("int_robots") }} as robots on events.user_key = robots.user_key
where coalesce(events.removed_as, 'repeat') = 'repeat' and events.event_weight > 0
