{# One row per model, task, group of targets, user, k and metric. Every user with
   targets counts, one whose list has no hit as zeros. Full ranking: the lists were cut
   from all products, no negatives are sampled. #}
with targets as (

    select * from {{ ref("int_task_targets") }}

),

target_counts as (

    select
        task,
        target_group,
        user_key,
        count(*) as targets
    from targets
    group by task, target_group, user_key

),

cutoffs as (

    select places.k from (values (5), (10), (20)) as places (k)

),

models as (

    select distinct model from {{ ref("int_evaluated_recommendations") }}

),

hits as (

    select
        recommendations.model,
        targets.task,
        targets.target_group,
        targets.user_key,
        recommendations.rank
    from {{ ref("int_evaluated_recommendations") }} as recommendations
    inner join targets
        on
            recommendations.user_key = targets.user_key
            and recommendations.product_key = targets.product_key

),

gains as (

    select
        hits.model,
        hits.task,
        hits.target_group,
        hits.user_key,
        cutoffs.k,
        count(*) as hits,
        min(hits.rank) as first_rank,
        sum(1 / log2(hits.rank + 1)) as gain
    from hits
    inner join cutoffs on hits.rank <= cutoffs.k
    group by all

),

ideal_gains as (

    {# The best list of k has a target in each of its first places. #}
    select
        cutoffs.k,
        counts.targets,
        sum(1 / log2(places.place + 1)) as gain
    from cutoffs
    cross join (select distinct targets from target_counts) as counts
    cross join range(1, 21) as places (place)
    where places.place <= cutoffs.k and places.place <= counts.targets
    group by cutoffs.k, counts.targets

),

wide as (

    select
        models.model,
        target_counts.task,
        target_counts.target_group,
        target_counts.user_key,
        cutoffs.k,
        cast(coalesce(gains.hits, 0) / target_counts.targets as double) as recall,
        cast(coalesce(gains.gain, 0) / ideal_gains.gain as double) as ndcg,
        cast(cast(gains.hits is not null as integer) as double) as hit_rate,
        cast(coalesce(1 / gains.first_rank, 0.0) as double) as mrr
    from target_counts
    cross join models
    cross join cutoffs
    inner join ideal_gains
        on
            target_counts.targets = ideal_gains.targets
            and cutoffs.k = ideal_gains.k
    left join gains
        on
            models.model = gains.model
            and target_counts.task = gains.task
            and target_counts.target_group = gains.target_group
            and target_counts.user_key = gains.user_key
            and cutoffs.k = gains.k

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
