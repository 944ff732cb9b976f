{{ config(tags=['demo'], enabled=not var('events', '')) }}

with events as (
    select * from {{ ref('demo_events') }}
),

some_events as (
    {# Comparing whole rows takes memory: those of 300 thousand events do. #}
    select * from events
    where
        cast(user_id as bigint)
        % greatest(1, cast(floor({{ var('demo_events') }} / 300000) as bigint)) = 0
),

counted as (
    select
        'duplicate' as fault,
        count(*) - count(distinct some_events) as occurrences
    from some_events
    union all
    select 'no product', count(*) from events where product_id is null
    union all
    select 'no user', count(*) from events where user_id is null
    union all
    select 'no time', count(*) from events where event_time is null
    union all
    select 'broken time', count(*) from events where event_time like '2019-13-45%'
    union all
    select 'word for time', count(*) from events where event_time = 'yesterday'
    union all
    select 'negative price', count(*) from events where price like '-%'
    union all
    select 'unknown type', count(*) from events where event_type = 'refund'
)

select * from counted
where occurrences = 0
