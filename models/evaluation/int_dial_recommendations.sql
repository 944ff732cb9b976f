{# DeepWalk's successors alone, at several weights of log frequency. #}
{% set settings = var("popularity_dial", var("log_frequency_weights"))
    | map("float") | map("string") | list %}

with dial_users as (
    select * from {{ ref("int_dial_users") }}
),

dial_neighbours as (
    select
        cast(successors.popularity as string) as model,
        products.product_key,
        found.product_key as neighbour_key,
        exp(successors.score - max(successors.score) over (
            partition by successors.popularity, successors.product_id
        )) as score
    from {{ ref("dial_successors") }} as successors
    inner join {{ ref("int_product_keys") }} as products
        on successors.product_id = products.product_id
    inner join {{ ref("int_product_keys") }} as found
        on successors.neighbour_product_id = found.product_id
),

{{ recommended_products(
    "evaluated", "dial_users", "dial_neighbours", settings, judged_lengths() | max
) }}

select
    cast(model as double) as popularity,
    user_key,
    product_key
from recommended
