{# 1. ideal_gains: of the best list of each length, by number of targets;
   2. wide: every user with targets counts, with zeros when the list has no hit; full
      ranking: lists were cut from all products, no negatives are sampled; then a row
      per metric. #}
with target_counts as (
    select
        task,
        target_group,
        user_key,
        count(*) as targets
    from {{ ref("int_task_targets") }}
    group by task, target_group, user_key
),

models as (
    select distinct model from {{ ref("int_evaluated_recommendations") }}
),

ideal_gains as (
    {# The best list of k has a target in each of its first places. #}
    select
        cutoffs.k,
        counts.targets,
        sum(1 / log2(places.place + 1)) as gain
    from {{ judged_cutoffs() }} as cutoffs (k)
    cross join (select distinct targets from target_counts) as counts
    cross join range(1, {{ judged_lengths() | max + 1 }}) as places (place)
    where places.place <= cutoffs.k and places.place <= counts.targets
    group by cutoffs.k, counts.targets
),

wide as (
    select
        models.model,
        target_counts.task,
        target_counts.target_group,
        target_counts.user_key,
        ideal_gains.k,
        cast(coalesce(gains.hits, 0) / target_counts.targets as double) as recall,
        cast(coalesce(gains.gain, 0) / ideal_gains.gain as double) as ndcg,
        cast(cast(gains.hits is not null as integer) as double) as hit_rate,
        cast(coalesce(1 / gains.first_rank, 0.0) as double) as mrr
    from target_counts
    cross join models
    inner join ideal_gains on target_counts.targets = ideal_gains.targets
    left join {{ ref("int_list_gains") }} as gains
        on
            models.model = gains.model
            and target_counts.task = gains.task
            and target_counts.target_group = gains.target_group
            and target_counts.user_key = gains.user_key
            and ideal_gains.k = gains.k
)

select
    model,
    task,
    target_group,
    user_key,
    k,
    metric,
    value
from wide unpivot (value for metric in (recall, ndcg, hit_rate, mrr))
