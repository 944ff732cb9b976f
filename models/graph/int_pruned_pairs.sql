with pairs as (
    select * from {{ ref("int_product_pairs") }}
),

degrees as (
    select
        product_key,
        {{ exact_sum("pair_weight", 6) }} as degree
    from (
        {{ both_directions(
            "pairs", "product_key_a", "product_key_b", ["pair_weight"]
        ) }}
    )
    group by product_key
),

normalised as (
    {# Cosine: a pair's weight relative to the total weights of both products. With raw
       counts popular products would dominate the walks. #}
    select
        pairs.product_key_a,
        pairs.product_key_b,
        pairs.sessions_together,
        pairs.pair_weight / sqrt(degrees_a.degree * degrees_b.degree) as weight
    from pairs
    inner join degrees as degrees_a on pairs.product_key_a = degrees_a.product_key
    inner join degrees as degrees_b on pairs.product_key_b = degrees_b.product_key
),

placed as (
    select
        product_key,
        neighbour_key,
        row_number() over (
            partition by product_key
            order by weight desc, neighbour_key
        ) as place
    from (
        {{ both_directions(
            "normalised", "product_key_a", "product_key_b", ["weight"]
        ) }}
    )
),

strongest as (
    {# Kept when among the strongest of either end, so that no product loses its last
       edge. #}
    select distinct
        least(product_key, neighbour_key) as product_key_a,
        greatest(product_key, neighbour_key) as product_key_b
    from placed
    where place <= {{ var("max_neighbours") }}
)

select normalised.*
from normalised
inner join strongest
    on
        normalised.product_key_a = strongest.product_key_a
        and normalised.product_key_b = strongest.product_key_b
