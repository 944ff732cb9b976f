{{ config(batch_over="int_ranker_batches") }}

-- depends_on: {{ ref("int_ranker_batches") }}
select
    blended.scope,
    blended.user_key,
    blended.product_key,
    coalesce(evidence.because_product_key, repeats.because_product_key)
        as because_product_key,
    {% for relation, features in ranker_features().items() %}
        {% for feature in features %}
            cast({{ relation }}.{{ feature }} as float) as {{ feature }},
        {% endfor %}
    {% endfor %}
    blended.is_tail,
    blended.blend_score,
    blended.blend_share,
    blended.blend_rank
from {{ ref("int_ranker_blend") }} as blended
inner join {{ ref("int_ranker_case_facts") }} as cases
    on blended.case_key = cases.case_key
inner join {{ ref("int_ranker_likeness") }} as likeness
    on
        blended.case_key = likeness.case_key
        and blended.product_key = likeness.product_key
left join {{ ref("int_ranker_evidence") }} as evidence
    on
        blended.case_key = evidence.case_key
        and blended.product_key = evidence.product_key
left join {{ ref("int_ranker_sequence") }} as sequence
    on
        blended.case_key = sequence.case_key
        and blended.product_key = sequence.product_key
left join {{ ref("int_ranker_repeats") }} as repeats
    on
        blended.case_key = repeats.case_key
        and blended.product_key = repeats.product_key
left join {{ ref("int_product_activity") }} as activity
    on
        blended.scope = activity.scope
        and blended.product_key = activity.product_key
left join {{ ref("int_ranker_factors") }} as factors
    on cases.cut = factors.cut and blended.product_key = factors.product_key
