{# Where every raw row went. The steps of a build add up: raw = the sum of all rows
   here. #}
with rejected as (

    select
        'rejected' as step,
        reason as rule,
        count(*) as events
    from {{ ref("rejected_events") }}
    group by reason

),

deduplicated as (

    select
        'deduplicated' as step,
        'exact duplicate' as rule,
        (select count(*) from {{ ref("stg_events") }})
        - (select count(*) from {{ ref("int_events_deduplicated") }}) as events

),

cleaned as (

    select
        'cleaned' as step,
        case
            when robots.user_key is not null then 'robot'
            else flagged.removed_as
        end as rule,
        count(*) as events
    from {{ ref("int_events_flagged") }} as flagged
    left join {{ ref("int_robots") }} as robots on flagged.user_key = robots.user_key
    where flagged.removed_as is not null or robots.user_key is not null
    group by all

),

kept as (

    select
        'kept' as step,
        'clean event' as rule,
        count(*) as events
    from {{ ref("int_interactions") }}

)

select * from rejected
union all
select * from deduplicated
union all
select * from cleaned
union all
select * from kept
