{# Where every raw row went. The steps add up: raw rows = the sum of all rows here. #}
with rejected as (
    select
        'rejected' as step,
        reason as rule,
        count(*) as events,
        {# An unusable row need not have a user. #}
        cast(null as bigint) as users
    from {{ ref("rejected_events") }}
    group by reason
),

deduplicated as (
    select
        'deduplicated' as step,
        'exact duplicate' as rule,
        cast(coalesce(sum(staged_events - events), 0) as bigint) as events,
        count(distinct user_id) filter (where staged_events > events) as users
    from {{ ref("int_user_days") }}
),

cleaned as (
    select
        'cleaned' as step,
        case
            when robots.user_key is not null then 'robot'
            when flagged.event_at >= timeline.log_ends_at
                then 'after the log''s end (clock)'
            else flagged.removed_as
        end as rule,
        count(*) as events,
        count(distinct flagged.user_key) as users
    from {{ ref("int_events_flagged") }} as flagged
    cross join {{ ref("int_timeline") }} as timeline
    left join {{ ref("int_robots") }} as robots on flagged.user_key = robots.user_key
    where
        flagged.removed_as is not null
        or robots.user_key is not null
        or flagged.event_at >= timeline.log_ends_at
    group by all
),

kept as (
    select
        'kept' as step,
        'clean event' as rule,
        count(*) as events,
        count(distinct user_key) as users
    from {{ ref("int_interactions") }}
)

select * from rejected
union all
select * from deduplicated
union all
select * from cleaned
union all
select * from kept
