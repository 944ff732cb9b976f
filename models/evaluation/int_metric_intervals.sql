with samples as (
    select
        user_metrics.model,
        user_metrics.task,
        user_metrics.segment,
        user_metrics.metric,
        user_metrics.k,
        weights.sample_id,
        sum(user_metrics.value * weights.weight) / sum(weights.weight) as value
    from {{ ref("int_segment_metrics") }} as user_metrics
    inner join {{ ref("int_bootstrap_weights") }} as weights
        on user_metrics.user_key = weights.user_key
    where user_metrics.k = 20
    group by all
)

select
    model,
    task,
    segment,
    metric,
    k,
    percentile_cont(0.025) within group (order by value) as lower,
    percentile_cont(0.975) within group (order by value) as upper
from samples
group by all
