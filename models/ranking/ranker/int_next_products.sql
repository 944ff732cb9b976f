{# Directed, unlike the pairs: which product followed which directly in a session, as of
   both cuts. #}
with cuts as (
    select
        'serving' as cut,
        graph_cutoff_at
    from {{ ref("int_timeline") }}
    union all
    select
        'learning' as cut,
        graph_cutoff_at
    from {{ ref("int_learning_timeline") }}
),

followed as (
    select
        steps.product_key,
        lead(steps.product_key) over in_order as next_key,
        lead(steps.event_at) over in_order as next_at
    from {{ ref("int_session_steps") }} as steps
    anti join {{ ref("int_robots") }} as robots on steps.user_key = robots.user_key
    window in_order as (partition by steps.session_id order by steps.step)
),

counted as (
    select
        cuts.cut,
        any_value(cuts.graph_cutoff_at) as graph_cutoff_at,
        followed.product_key,
        followed.next_key,
        count(*) as times,
        max(followed.next_at) as last_at
    from followed
    inner join cuts on followed.next_at < cuts.graph_cutoff_at
    group by cuts.cut, followed.product_key, followed.next_key
)

select
    cut,
    product_key,
    next_key,
    times,
    times / sum(times) over (partition by cut, product_key) as share,
    {{ seconds_between("last_at", "graph_cutoff_at") }} / 86400 as age_days,
    cast(row_number() over (
        partition by cut, product_key order by times desc, last_at desc, next_key
    ) as integer) as rank
from counted
