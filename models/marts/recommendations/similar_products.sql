{# Substitutes share their surroundings: cosine of input vectors, averaged over both models.
   Complements come next: input against context vectors; a substitute is no complement. #}
with substitutes as (

    select
        product_id,
        neighbour_product_id,
        avg(score) as score
    from (
        select product_id, neighbour_product_id, score
        from {{ ref("neighbours_deepwalk") }}
        union all
        select product_id, neighbour_product_id, score
        from {{ ref("neighbours_node2vec") }}
    )
    group by product_id, neighbour_product_id

),

ranked_substitutes as (

    select
        *,
        row_number() over (
            partition by product_id order by score desc, neighbour_product_id
        ) as rank
    from substitutes

),

complements as (

    select
        successors.product_id,
        successors.neighbour_product_id,
        successors.score,
        row_number() over (
            partition by successors.product_id order by successors.rank
        ) as rank
    from {{ ref("successors_deepwalk") }} as successors
    anti join ranked_substitutes as substitutes
        on
            successors.product_id = substitutes.product_id
            and successors.neighbour_product_id = substitutes.neighbour_product_id
            and substitutes.rank <= {{ var("similar_products") }}

),

listed as (

    select 'substitute' as relation, * from ranked_substitutes
    union all by name
    select 'complement' as relation, * from complements

),

together as (

    select
        keys_a.product_id as product_id_a,
        keys_b.product_id as product_id_b,
        pairs.sessions_together
    from {{ ref("int_product_pairs") }} as pairs
    inner join {{ ref("int_product_keys") }} as keys_a
        on pairs.product_key_a = keys_a.product_key
    inner join {{ ref("int_product_keys") }} as keys_b
        on pairs.product_key_b = keys_b.product_key

),

similar_products as (

    select
        listed.product_id,
        listed.relation,
        cast(listed.rank as integer) as rank,
        listed.neighbour_product_id as similar_product_id,
        listed.score,
        coalesce(together.sessions_together, 0) as sessions_together
    from listed
    left join together
        on
            least(listed.product_id, listed.neighbour_product_id) = together.product_id_a
            and greatest(listed.product_id, listed.neighbour_product_id) = together.product_id_b
    where listed.rank <= {{ var("similar_products") }}

)

select * from similar_products
