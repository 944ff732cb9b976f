{# Paired bootstrap (Koehn 2004, Statistical Significance Tests for Machine Translation
   Evaluation): each sample compares both models on the same users, so that differences
   between easy and hard users cancel out. #}
with pairs as (
    select * from {{ ref("int_recall_pairs") }}
),

samples as (
    select
        pairs.baseline,
        weights.sample_id,
        sum(weights.weight * (pairs.value - pairs.threshold)) / sum(weights.weight)
            as margin
    from pairs
    inner join {{ ref("int_bootstrap_weights") }} as weights
        on pairs.user_key = weights.user_key
    group by pairs.baseline, weights.sample_id
),

intervals as (
    select
        baseline,
        percentile_cont(0.025) within group (order by margin) as margin_lower,
        percentile_cont(0.975) within group (order by margin) as margin_upper
    from samples
    group by baseline
),

means as (
    select
        baseline,
        model,
        avg(value) as value,
        avg(threshold) as threshold,
        count(*) filter (where value != baseline_value) as differing_users
    from pairs
    group by baseline, model
)

select
    means.baseline,
    means.model,
    means.value,
    means.threshold,
    intervals.margin_lower,
    intervals.margin_upper,
    means.differing_users
from means
inner join intervals on means.baseline = intervals.baseline
