{{ config(materialized="ephemeral") }}

{# The blend's order of the candidates, both the ranker's bound and one of its features.
   Windows move whole rows, so these are narrow. #}
with scored as (
    select
        candidates.case_key,
        candidates.scope,
        candidates.user_key,
        candidates.product_key,
        coalesce(activity.is_tail, true) as is_tail,
        cast(
            coalesce(evidence.blend_score * factors.factor, 0)
            + {{ var("repeat_weight") }} * coalesce(repeats.repeat_interest, 0)
            + 1e-12 * coalesce(activity.interactions_7, 0)
            as double
        ) as blend_score
    from {{ ref("int_ranker_candidates") }} as candidates
    inner join {{ ref("int_ranker_case_facts") }} as cases
        on candidates.case_key = cases.case_key
    left join {{ ref("int_ranker_evidence") }} as evidence
        on
            candidates.case_key = evidence.case_key
            and candidates.product_key = evidence.product_key
    left join {{ ref("int_ranker_repeats") }} as repeats
        on
            candidates.case_key = repeats.case_key
            and candidates.product_key = repeats.product_key
    left join {{ ref("int_product_activity") }} as activity
        on
            candidates.scope = activity.scope
            and candidates.product_key = activity.product_key
    left join {{ ref("int_ranker_factors") }} as factors
        on cases.cut = factors.cut and candidates.product_key = factors.product_key
)

select
    *,
    cast(blend_score / nullif(max(blend_score) over (
        partition by case_key
    ), 0) as float) as blend_share,
    cast(row_number() over (
        partition by case_key order by blend_score desc, product_key
    ) as float) as blend_rank
from scored
