{# 1. users: impressions and clicks of each; 2. sums: over them, by arm, rank and model;
   3. effective: the clicks of one user are not independent, so the score interval uses
      the number of independent impressions with the observed variance between users
      (Kish 1965, Survey Sampling: the design effect; Korn and Graubard 1998: effective
      sample size), at most all of them. With no clicks or only clicks the variance is
      0: then each user counts once. #}
with users as (
    select
        arm,
        rank,
        model,
        user_id,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks
    from {{ ref("int_impressions") }}
    group by grouping sets (
        (arm, user_id),
        (arm, user_id, rank),
        (arm, user_id, model),
        (arm, user_id, rank, model)
    )
),

sums as (
    select
        arm,
        rank,
        model,
        count(*) as users,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        sum(clicks) * 1e0 / sum(impressions) as share_clicked,
        {{ ratio_variance(
            "count(*)",
            "sum(impressions)",
            "sum(clicks)",
            "sum(impressions * impressions)",
            "sum(impressions * clicks)",
            "sum(clicks * clicks)"
        ) }} as variance
    from users
    group by arm, rank, model
),

effective as (
    select
        *,
        case
            when clicks in (0, impressions) or coalesce(variance, 0) = 0 then users
            else least(impressions, share_clicked * (1 - share_clicked) / variance)
        end as effective_impressions
    from sums
)

select
    arm,
    rank,
    model,
    users,
    impressions,
    clicks,
    share_clicked,
    effective_impressions,
    {{ wilson_end("share_clicked", "effective_impressions", "-") }} as lower,
    {{ wilson_end("share_clicked", "effective_impressions", "+") }} as upper
from effective
order by arm, rank nulls first, model nulls first
