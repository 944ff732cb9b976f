{# Same surroundings: cosine of input vectors, the mean over the models that list the
   pair. #}
with cosines as (

    select
        product_id,
        neighbour_product_id,
        score
    from {{ ref("neighbours_deepwalk") }}
    union all
    select
        product_id,
        neighbour_product_id,
        score
    from {{ ref("neighbours_node2vec") }}

),

pairs as (

    select
        product_id,
        neighbour_product_id,
        sum(cast(round(1e9 * score) as bigint)) / 2e9 as score
    from cosines
    group by product_id, neighbour_product_id

),

ranked as (

    select
        *,
        cast(row_number() over (
            partition by product_id
            order by score desc, neighbour_product_id
        ) as integer) as rank
    from pairs

)

select * from ranked
