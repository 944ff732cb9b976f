{{ config(batch_over="int_ranker_batches") }}

-- depends_on: {{ ref("int_ranker_batches") }}
select
    candidates.scope,
    candidates.user_key,
    candidates.product_key,
    coalesce(evidence.because_product_key, repeats.because_product_key)
        as because_product_key,
    {% for relation, features in ranker_features().items() %}
        {% for feature in features %}
            cast({{ relation }}.{{ feature }} as float) as {{ feature }},
        {% endfor %}
    {% endfor %}
    coalesce(activity.is_tail, true) as is_tail,
    evidence.blend_score
from {{ ref("int_ranker_candidates") }} as candidates
inner join {{ ref("int_ranker_case_facts") }} as cases
    on candidates.case_key = cases.case_key
inner join {{ ref("int_ranker_likeness") }} as likeness
    on
        candidates.case_key = likeness.case_key
        and candidates.product_key = likeness.product_key
left join {{ ref("int_ranker_evidence") }} as evidence
    on
        candidates.case_key = evidence.case_key
        and candidates.product_key = evidence.product_key
left join {{ ref("int_ranker_sequence") }} as sequence
    on
        candidates.case_key = sequence.case_key
        and candidates.product_key = sequence.product_key
left join {{ ref("int_ranker_repeats") }} as repeats
    on
        candidates.case_key = repeats.case_key
        and candidates.product_key = repeats.product_key
left join {{ ref("int_product_activity") }} as activity
    on
        candidates.scope = activity.scope
        and candidates.product_key = activity.product_key
