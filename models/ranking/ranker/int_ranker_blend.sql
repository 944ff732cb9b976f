{{ config(materialized="ephemeral") }}

{# The blend's order of the candidates. With repeats it is the bound on the ranker's
   reach, without them a feature, because trees place repeats better by other features.
   Windows copy whole rows, so columns that depend on the product or the case alone are
   joined later. RF01 misses the join that goes with the term of repeats, ST11 the term. The ref stays
   outside the condition, so that trials of a search that differ in the var alone parse
   once. #}
{% set repeats = ref("int_ranker_repeats") %}
with scored as (
    select
        evidence.*,
        cases.scope,
        cases.user_key,
        products.is_tail,
        coalesce(products.interactions_7, 0) as recent_interactions,
        cast(coalesce(evidence.blend_sum * products.factor, 0) as double)
            as counted_score,
        {% if var("repeat_weight") | float > 0 %}
            {{ var("repeat_weight") }}
            * coalesce(repeats.repeat_interest, 0)  -- noqa: RF01
        {% else %} 0
        {% endif %} as repeat_score
    from {{ ref("int_ranker_evidence") }} as evidence
    inner join {{ ref("int_ranker_case_facts") }} as cases
        on evidence.case_key = cases.case_key
    left join {{ ref("int_ranker_products") }} as products
        on
            cases.scope = products.scope
            and evidence.product_key = products.product_key
    {% if var("repeat_weight") | float > 0 %}
        left join {{ repeats }} as repeats  -- noqa: ST11
            on
                evidence.case_key = repeats.case_key
                and evidence.product_key = repeats.product_key
    {% endif %}
)

select
    *,
    {# The trace of recent interactions lets the trees order rows without evidence. #}
    cast(
        (counted_score + 1e-12 * recent_interactions)
        / nullif(max(counted_score + 1e-12 * recent_interactions) over (
            partition by case_key
        ), 0)
        as float
    ) as blend_share,
    cast(row_number() over (
        partition by case_key
        order by counted_score desc, recent_interactions desc, product_key
    ) as float) as blend_rank,
    cast(row_number() over (
        partition by case_key
        order by
            counted_score + repeat_score desc, recent_interactions desc, product_key
    ) as integer) as blend_place
from scored
