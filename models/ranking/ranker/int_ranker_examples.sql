{# Training rows: cases whose candidates include a target. #}
with labelled as (
    select
        features.*,
        case
            when targets.product_key is null then 0
            when targets.is_purchase then 2
            else 1
        end as relevance
    from {{ ref("int_ranker_features") }} as features
    left join {{ ref("int_ranker_targets") }} as targets
        on
            features.user_key = targets.user_key
            and features.product_key = targets.product_key
    where features.scope = 'learned'
)

select
    labelled.*,
    cases.is_late,
    {{ uniform_draw("user_keys.user_id") }} as draw
from labelled
inner join {{ ref("int_user_keys") }} as user_keys
    on labelled.user_key = user_keys.user_key
inner join {{ ref("int_ranker_cases") }} as cases
    on labelled.user_key = cases.user_key
qualify max(labelled.relevance) over (partition by labelled.user_key) > 0
order by labelled.user_key, labelled.product_key
