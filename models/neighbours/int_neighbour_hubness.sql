{# Skewness of how often a product is among another's ten nearest (Radovanovic et al.
   2010). #}
select
    model,
    {{ sample_skewness("times_near") }} as hubness,
    max(times_near) as largest_hub
from (
    select
        model,
        neighbour_product_id,
        count(*) as times_near
    from {{ ref("int_nearest_products") }}
    where build = 'this'
    group by all
)
group by model
