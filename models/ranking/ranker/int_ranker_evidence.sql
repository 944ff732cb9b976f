{# The terms of a candidate. The largest one is the "because", among the products of the
   history that the blend uses; on ties that of the more recent product. #}
select
    terms.case_key,
    terms.product_key,
    {% for model in ("covisit", "rp3beta") %}
        {{ exact_sum("terms." ~ model ~ "_term", 9, bits=64) }} as {{ model }}_sum,
        max(terms.{{ model }}_term) as {{ model }}_best,
        max(terms.{{ model }}) filter (where terms.place = 1) as {{ model }}_last,
    {% endfor %}
    max(terms.covisit_rank) filter (where terms.place = 1) as covisit_last_rank,
    count(*) as terms,
    {{ exact_sum("terms.term", 9) }} as blend_score,
    max_by(terms.because_product_key, (terms.term, -terms.place))
    filter (where terms.place <= {{ var("history_length") }})
        as because_product_key
from {{ ref("int_ranker_terms") }} as terms
semi join {{ ref("int_ranker_candidates") }} as candidates
    on
        terms.case_key = candidates.case_key
        and terms.product_key = candidates.product_key
group by terms.case_key, terms.product_key
