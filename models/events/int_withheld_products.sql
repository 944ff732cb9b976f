{# All staged events: what a robot bought, or somebody with a fast clock, was bought. #}
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
