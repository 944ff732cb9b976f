with pairs as (

    select * from {{ ref("int_product_pairs") }}

),

directed as (

    select product_key_a as product_key, product_key_b as neighbour_key, pair_weight
    from pairs
    union all
    select product_key_b as product_key, product_key_a as neighbour_key, pair_weight
    from pairs

),

ranked as (

    select
        product_key,
        neighbour_key,
        row_number() over (
            partition by product_key
            order by pair_weight desc, neighbour_key
        ) as rank,
        pair_weight / sum(pair_weight) over (partition by product_key) as score
    from directed

),

neighbours as (

    select
        products.product_id,
        neighbours.product_id as neighbour_product_id,
        cast(ranked.rank as integer) as rank,
        ranked.score
    from ranked
    inner join {{ ref("int_product_keys") }} as products
        on ranked.product_key = products.product_key
    inner join {{ ref("int_product_keys") }} as neighbours
        on ranked.neighbour_key = neighbours.product_key
    where ranked.rank <= {{ var("neighbours") }}

)

select * from neighbours
