{# In the blend's order, so that no product of its lists is missed. All factors are 1
   when both vars are 0. The refs stay outside the condition, so that trials of a search
   that differ in these vars alone parse once. #}
{% set case_facts, factors = ref("int_ranker_case_facts"), ref("int_ranker_factors") %}
{% set trend = var("trend_weight") %}
{% set has_trend = trend == "auto" or trend | float %}
{% set has_factors = has_trend or interactions_exponent() | float %}
with sums as (
    select
        case_key,
        product_key,
        sum(cast(round(1e9 * term) as bigint)) as term
    from {{ ref("int_ranker_terms") }}
    group by case_key, product_key
)

select
    sums.case_key,
    sums.product_key
from sums
{% if has_factors %}
    inner join {{ case_facts }} as cases
        on sums.case_key = cases.case_key
    inner join {{ factors }} as factors
        on cases.cut = factors.cut and sums.product_key = factors.product_key
{% endif %}
qualify row_number() over (
    partition by sums.case_key
    order by
        sums.term {{ "* factors.factor" if has_factors }} desc,
        sums.product_key
) <= {{ var("ranker_candidates") }}
