{# Of the lists in which the blend would show it, an under-exposed product claims those
   where it ranks best. A list grants its last quarter, first to the products that the
   blend shows least (Singh and Joachims 2018, Fairness of Exposure in Rankings). #}
with lengths as (
    {{ lengths_of_lists() }}
),

missing as (
    select
        reach.scope,
        reach.product_key,
        reach.blend_lists,
        ceil(ranker.exposure_floor * reach.blend_lists) - reach.kept_lists as lists
    from {{ ref("int_product_reach") }} as reach
    cross join {{ ref("int_ranker") }} as ranker
    where ceil(ranker.exposure_floor * reach.blend_lists) > reach.kept_lists
),

asking as (
    select
        places.scope,
        places.user_key,
        places.product_key,
        places.place,
        missing.blend_lists,
        lengths.places - lengths.kept_places as free_places
    from {{ ref("int_ranked_places") }} as places
    inner join lengths
        on
            places.scope = lengths.scope
            and places.blend_place <= lengths.places
            and places.place > lengths.kept_places
    inner join missing
        on places.scope = missing.scope and places.product_key = missing.product_key
    qualify row_number() over (
        partition by places.scope, places.product_key
        order by places.place, places.user_key
    ) <= missing.lists
)

select
    scope,
    user_key,
    product_key
from asking
qualify row_number() over (
    partition by scope, user_key order by blend_lists, place
) <= free_places
