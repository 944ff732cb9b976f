{{ config(batch_over="int_ranker_batches") }}

-- depends_on: {{ ref("int_ranker_batches") }}
select
    candidates.scope,
    candidates.user_key,
    candidates.product_key,
    coalesce(candidates.because_product_key, repeats.because_product_key)
        as because_product_key,
    {% for group, features in ranker_features().items() %}
        {% set relation = group if group in ("sequence", "repeats") else "candidates" %}
        {% for feature in features %}
            cast({{ relation }}.{{ feature }} as float) as {{ feature }},
        {% endfor %}
    {% endfor %}
    candidates.is_tail,
    candidates.blend_share,
    candidates.blend_rank,
    candidates.blend_place
from {{ ref("int_ranker_likeness") }} as candidates
left join {{ ref("int_ranker_sequence") }} as sequence
    on
        candidates.case_key = sequence.case_key
        and candidates.product_key = sequence.product_key
left join {{ ref("int_ranker_repeats") }} as repeats
    on
        candidates.case_key = repeats.case_key
        and candidates.product_key = repeats.product_key
