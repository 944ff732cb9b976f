{# Each product of a history times each neighbour of it. #}
{% set blend = counted_blend() %}

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
    histories.interest * (
        {{ blend["covisit"] }} * coalesce(neighbours.covisit, 0)
        + {{ blend["rp3beta"] }} * coalesce(neighbours.rp3beta, 0)
    ) as term
from {{ ref("int_ranker_case_histories") }} as histories
inner join {{ ref("int_ranker_neighbours") }} as neighbours
    on
        histories.cut = neighbours.cut
        and histories.product_key = neighbours.product_key
