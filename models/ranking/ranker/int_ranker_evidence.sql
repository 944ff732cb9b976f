{# The terms of a candidate. The largest one is the "because", among the products of the
   history that the blend uses; on ties that of the more recent product. #}
with terms as (
    select
        histories.case_key,
        histories.place,
        histories.product_key as because_product_key,
        neighbours.neighbour_key as product_key,
        neighbours.covisit,
        neighbours.covisit_rank,
        neighbours.rp3beta,
        histories.interest * neighbours.covisit as covisit_term,
        histories.interest * neighbours.rp3beta as rp3beta_term,
        histories.interest * {{ counted_score("neighbours") }} as term
    from {{ ref("int_ranker_case_histories") }} as histories
    inner join {{ ref("int_ranker_neighbours") }} as neighbours
        on
            histories.cut = neighbours.cut
            and histories.product_key = neighbours.product_key
)

select
    candidates.case_key,
    candidates.product_key,
    {% for model in ("covisit", "rp3beta") %}
        {{ exact_sum("terms." ~ model ~ "_term", 9, bits=64) }} as {{ model }}_sum,
        max(terms.{{ model }}_term) as {{ model }}_best,
        max(terms.{{ model }}) filter (where terms.place = 1) as {{ model }}_last,
    {% endfor %}
    max(terms.covisit_rank) filter (where terms.place = 1) as covisit_last_rank,
    nullif(count(terms.place), 0) as terms,
    {{ exact_sum("terms.term", 9) }} as blend_sum,
    {{ key_of_largest(
        "terms.because_product_key",
        "terms.term",
        "terms.place",
        where="terms.place <= " ~ var("history_length"),
    ) }} as because_product_key
from {{ ref("int_ranker_candidates") }} as candidates
left join terms
    on
        candidates.case_key = terms.case_key
        and candidates.product_key = terms.product_key
group by candidates.case_key, candidates.product_key
