{# Segments of users, and those of targets, side by side. #}
select
    user_metrics.model,
    user_metrics.task,
    segments.segment,
    user_metrics.user_key,
    user_metrics.metric,
    user_metrics.k,
    user_metrics.value
from {{ ref("int_user_metrics") }} as user_metrics
inner join {{ ref("int_evaluated_users") }} as segments
    on user_metrics.user_key = segments.user_key
where user_metrics.target_group = 'all'
union all
select
    model,
    task,
    target_group as segment,
    user_key,
    metric,
    k,
    value
from {{ ref("int_user_metrics") }}
where target_group != 'all'
