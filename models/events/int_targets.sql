{# Ground truth of the evaluation: what users did after the cut and could have been
   recommended, or what an external file says. #}
with targets as (
    {{ external_targets() if var("targets") else holdout_targets() }}
),

sampled_users as (
    select user_key
    from (
        select distinct
            user_key,
            user_id
        from targets
    )
    order by md5(user_id), user_id
    limit {{ var("evaluation_users") }}
)

select
    targets.user_key,
    targets.product_key,
    targets.is_purchase
from targets
semi join sampled_users on targets.user_key = sampled_users.user_key
