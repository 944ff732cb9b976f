{{ config(materialized="ephemeral") }}

{# The blend's order of the candidates, both the ranker's bound and one of its features.
   Windows move whole rows, so what depends on the product or the case alone is joined
   later. Repeats have no term here: the trees place them better without (on the demo's
   learning days recall falls by .0025 with it). #}
with scored as (
    select
        evidence.*,
        cases.scope,
        cases.user_key,
        products.is_tail,
        cast(
            coalesce(evidence.blend_sum * products.factor, 0)
            + 1e-12 * coalesce(products.interactions_7, 0)
            as double
        ) as blend_score
    from {{ ref("int_ranker_evidence") }} as evidence
    inner join {{ ref("int_ranker_case_facts") }} as cases
        on evidence.case_key = cases.case_key
    left join {{ ref("int_ranker_products") }} as products
        on
            cases.scope = products.scope
            and evidence.product_key = products.product_key
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
