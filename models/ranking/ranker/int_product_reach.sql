{# Lists that show a product: by the blend, and by the ranker in kept places. #}
with lengths as (
    {{ lengths_of_lists() }}
)

select
    places.scope,
    places.product_key,
    count(*) filter (where places.blend_place <= lengths.places) as blend_lists,
    count(*) filter (where places.place <= lengths.kept_places) as kept_lists
from {{ ref("int_ranked_places") }} as places
inner join lengths on places.scope = lengths.scope
group by places.scope, places.product_key
