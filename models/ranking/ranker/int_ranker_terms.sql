{# Each product of a history times each neighbour of it, for the order by the blend
   alone. int_ranker_evidence joins them again: storing them for both costs more. #}
select
    histories.case_key,
    neighbours.neighbour_key as product_key,
    histories.interest * {{ counted_score("neighbours") }} as term
from {{ ref("int_ranker_case_histories") }} as histories
inner join {{ ref("int_ranker_neighbours") }} as neighbours
    on
        histories.cut = neighbours.cut
        and histories.product_key = neighbours.product_key
