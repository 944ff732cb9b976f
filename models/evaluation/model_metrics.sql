with accuracy as (
    select
        model,
        task,
        segment,
        metric,
        k,
        count(*) as users,
        avg(value) as value
    from {{ ref("int_segment_metrics") }}
    group by all
)

select
    accuracy.model,
    accuracy.task,
    accuracy.segment,
    accuracy.metric,
    accuracy.k,
    accuracy.value,
    intervals.lower,
    intervals.upper,
    accuracy.users
from accuracy
left join {{ ref("int_metric_intervals") }} as intervals
    on
        accuracy.model = intervals.model
        and accuracy.task = intervals.task
        and accuracy.segment = intervals.segment
        and accuracy.metric = intervals.metric
        and accuracy.k = intervals.k
union all
select
    model,
    'any' as task,
    'all' as segment,
    metric,
    k,
    value,
    cast(null as double) as lower,
    cast(null as double) as upper,
    cast(null as bigint) as users
from {{ ref("int_list_metrics") }}
