with user_metrics as (

    select * from {{ ref("int_user_metrics") }}

),

segments as (

    select * from {{ ref("int_evaluated_users") }}

),

segmented as (

    select
        user_metrics.*,
        segments.segment
    from user_metrics
    inner join segments on user_metrics.user_key = segments.user_key

),

accuracy as (

    select
        model,
        task,
        segment,
        k,
        count(*) as users,
        avg(recall) as recall,
        avg(ndcg) as ndcg,
        avg(hit_rate) as hit_rate,
        avg(mrr) as mrr
    from segmented
    group by all

),

cutoffs as (

    select unnest([5, 10, 20]) as k

),

coverage as (

    select
        recommendations.model,
        cutoffs.k,
        count(distinct recommendations.product_key)
        / (select count(*) from {{ ref("products") }}) as coverage
    from {{ ref("int_evaluated_recommendations") }} as recommendations
    inner join cutoffs on recommendations.rank <= cutoffs.k
    group by all

),

metrics as (

    select model, task, segment, metric, k, value
    from (
        unpivot accuracy
        on recall, ndcg, hit_rate, mrr
        into name metric value value
    )
    union all
    select
        model,
        'any' as task,
        'all' as segment,
        'coverage' as metric,
        k,
        coverage as value
    from coverage

)

select
    model,
    task,
    segment,
    metric,
    cast(k as integer) as k,
    value
from metrics
