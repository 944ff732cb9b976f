{# The hits of a user's list among its first k places: their number, the rank of the
   first, and their gain, discounted by the logarithm of the rank. #}
with cutoffs as (
    select places.k from {{ judged_cutoffs() }} as places (k)
)

select
    recommendations.model,
    targets.task,
    targets.target_group,
    targets.user_key,
    cutoffs.k,
    count(*) as hits,
    min(recommendations.rank) as first_rank,
    sum(1 / log2(recommendations.rank + 1)) as gain
from {{ ref("int_evaluated_recommendations") }} as recommendations
inner join {{ ref("int_task_targets") }} as targets
    on
        recommendations.user_key = targets.user_key
        and recommendations.product_key = targets.product_key
inner join cutoffs on recommendations.rank <= cutoffs.k
group by all
