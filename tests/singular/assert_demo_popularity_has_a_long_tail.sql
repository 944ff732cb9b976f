{{ config(tags=['demo'], enabled=not var('events', '')) }}

{# The head sells most, yet most of the catalogue is seen. #}
with counted as (
    select
        products.product_id,
        count(events.product_id) as events
    from {{ ref('demo_products') }} as products
    left join {{ ref('demo_events') }} as events
        on products.product_id = events.product_id
    group by products.product_id
),

ranked as (
    select
        events,
        percent_rank() over (order by events desc) as place
    from counted
)

select
    sum(events) filter (where place < 0.2) / sum(events) as head_share,
    sum(events) filter (where place >= 0.5) / sum(events) as tail_share,
    avg(case when events = 0 then 1 else 0 end) as unseen_share
from ranked
having
    sum(events) filter (where place < 0.2) < 0.5 * sum(events)
    or sum(events) filter (where place >= 0.5) > 0.2 * sum(events)
    or avg(case when events = 0 then 1 else 0 end) > 0.2
