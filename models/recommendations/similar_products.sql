{# Two relations by two kinds of evidence; what is popular fills the rows that are
   left. #}
with every_step as (

    select
        listed.product_id,
        listed.relation,
        listed.neighbour_product_id,
        listed.score,
        case
            when nodes.node_id is null then 'category and brand'
            else 'graph'
        end as source,
        1 as step,
        listed.rank as place
    from {{ ref("int_listed_similar") }} as listed
    left join {{ ref("product_nodes") }} as nodes
        on listed.product_id = nodes.product_id
    union all
    select * from {{ ref("int_popular_similar") }}

),

first_steps as (

    select
        *,
        row_number() over (
            partition by product_id, relation, neighbour_product_id order by step
        ) as step_place
    from every_step

),

ranked as (

    select
        *,
        cast(row_number() over (
            partition by product_id, relation
            order by step, place, neighbour_product_id
        ) as integer) as rank
    from first_steps
    where step_place = 1

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
        ranked.product_id,
        ranked.relation,
        ranked.rank,
        ranked.neighbour_product_id as similar_product_id,
        ranked.score,
        ranked.source,
        coalesce(together.sessions_together, 0) as sessions_together
    from ranked
    left join together
        on
            least(ranked.product_id, ranked.neighbour_product_id)
            = together.product_id_a
            and greatest(ranked.product_id, ranked.neighbour_product_id)
            = together.product_id_b
    where ranked.rank <= {{ var("similar_products") }}

)

select * from similar_products
