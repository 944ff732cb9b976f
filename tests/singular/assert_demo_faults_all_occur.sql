{{ config(tags=['demo'], enabled=not var('events', '')) }}

with events as (
    select * from {{ ref('demo_events') }}
),

faulty as (
    select distinct
        case
            when product_id is null then 'no product'
            when user_id is null then 'no user'
            when event_time is null then 'no time'
            when event_time like '2019-13-45%' then 'broken time'
            when event_time = 'yesterday' then 'word for time'
            when price like '-%' then 'negative price'
            when event_type = 'refund' then 'unknown type'
            when user_session is null then 'no session'
        end as fault
    from events
),

duplicates as (
    {# Comparing whole rows takes memory: about 300 thousand events suffice. #}
    select
        'duplicate' as fault,
        count(*) - count(distinct events) as copies
    from events
    where
        cast(user_id as bigint)
        % greatest(1, cast(floor({{ var('demo_events') }} / 300000) as bigint)) = 0
),

found as (
    select fault from faulty
    union all
    select fault from duplicates
    where copies > 0
)

select planned.fault
from {{ ref('demo_faults') }} as planned
anti join found
    on planned.fault = found.fault
{# Too rare to be certain in 10 thousand events, and not a fault in itself. #}
where planned.fault != 'no session'
