{# What each model would have recommended at the cut, by the same rules as the published
   rows. The baselines start further down the ladder. #}
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
        unnest(['popularity', 'popular in category']) as model,
        cast(null as integer) as product_key,
        cast(null as integer) as neighbour_key,
        cast(null as double) as score

),

{{ recommended_products("evaluated", "users", "compared_neighbours", 20) }}

select
    model,
    user_key,
    rank,
    product_key
from recommended
