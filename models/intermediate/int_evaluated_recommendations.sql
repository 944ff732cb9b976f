{# What each model would have recommended at the cut, by the same rules as the published rows.
   Popularity is the ladder without its first step. #}
with users as (

    select distinct user_key from {{ ref("int_targets") }}

),

compared_neighbours as (

    select
        model,
        product_key,
        neighbour_key,
        score
    from {{ ref("int_neighbours") }}
    union all
    select
        'popularity' as model,
        cast(-1 as integer) as product_key,
        cast(-1 as integer) as neighbour_key,
        0.0 as score

),

{{ recommended_products("evaluated", "users", "compared_neighbours", 20) }}

select
    model,
    user_key,
    rank,
    product_key
from recommended
