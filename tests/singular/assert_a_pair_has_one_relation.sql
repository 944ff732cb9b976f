{# A substitute by evidence is no complement, in either direction; popular products are
   exempt. #}
with pairs as (
    select
        least(product_id, similar_product_id) as product_id_a,
        greatest(product_id, similar_product_id) as product_id_b,
        relation
    from {{ ref("similar_products") }}
    where source not like 'popular%'
)

select
    product_id_a,
    product_id_b
from pairs
group by product_id_a, product_id_b
having min(relation) != max(relation)
