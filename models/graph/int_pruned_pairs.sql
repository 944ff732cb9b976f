with pairs as (

    select * from {{ ref("int_product_pairs") }}

),

directed as (

    select
        product_key_a as product_key,
        product_key_b as neighbour_key,
        pair_weight
    from pairs
    union all
    select
        product_key_b as product_key,
        product_key_a as neighbour_key,
        pair_weight
    from pairs

),

degrees as (

    select
        product_key,
        {{ exact_sum("pair_weight", 6) }} as degree
    from directed
    group by product_key

),

normalised as (

    {# Cosine: a pair's weight against what both products have in all. Raw counts drown
       a walk. #}
    select
        pairs.product_key_a,
        pairs.product_key_b,
        pairs.sessions_together,
        pairs.pair_weight / sqrt(degrees_a.degree * degrees_b.degree) as weight
    from pairs
    inner join degrees as degrees_a on pairs.product_key_a = degrees_a.product_key
    inner join degrees as degrees_b on pairs.product_key_b = degrees_b.product_key

),

places as (

    select
        product_key_a,
        product_key_b,
        row_number() over (
            partition by product_key_a
            order by weight desc, product_key_b
        ) as place
    from (
        select
            product_key_a,
            product_key_b,
            weight
        from normalised
        union all
        select
            product_key_b,
            product_key_a,
            weight
        from normalised
    )

),

strongest as (

    {# Kept when it is among the strongest of either end, so that nobody loses its last
       edge. #}
    select distinct
        least(product_key_a, product_key_b) as product_key_a,
        greatest(product_key_a, product_key_b) as product_key_b
    from places
    where place <= {{ var("max_neighbours") }}

),

pruned as (

    select normalised.*
    from normalised
    inner join strongest
        on
            normalised.product_key_a = strongest.product_key_a
            and normalised.product_key_b = strongest.product_key_b

)

select * from pruned
