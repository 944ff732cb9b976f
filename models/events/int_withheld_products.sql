{# All staged events: a purchase by a robot, or with a fast clock, is still a
   purchase. #}
with withheld as (
    select
        user_key,
        product_key,
        min(event_at) as first_event_at
    from {{ ref("int_events_flagged") }}
    where {{ is_excluded() }}
    group by user_key, product_key
)

select * from withheld
