with user_metrics as (

    select
        user_metrics.*,
        segments.segment
    from {{ ref("int_user_metrics") }} as user_metrics
    inner join {{ ref("int_evaluated_users") }} as segments
        on user_metrics.user_key = segments.user_key
    where user_metrics.target_group = 'all'
    union all
    select
        *,
        target_group as segment
    from {{ ref("int_user_metrics") }}
    where target_group != 'all'

),

accuracy as (

    select
        model,
        task,
        segment,
        metric,
        k,
        count(*) as users,
        avg(value) as value
    from user_metrics
    group by all

),

samples as (

    select
        user_metrics.model,
        user_metrics.task,
        user_metrics.segment,
        user_metrics.metric,
        user_metrics.k,
        weights.sample_id,
        sum(user_metrics.value * weights.weight) / sum(weights.weight) as value
    from user_metrics
    inner join {{ ref("int_bootstrap_weights") }} as weights
        on user_metrics.user_key = weights.user_key
    where user_metrics.k = 20
    group by all

),

intervals as (

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

),

metrics as (

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
    left join intervals
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

)

select * from metrics
