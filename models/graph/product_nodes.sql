with edge_ends as (
    select
        product_key_a as product_key,
        weight
    from {{ ref("int_pruned_pairs") }}
    union all
    select
        product_key_b as product_key,
        weight
    from {{ ref("int_pruned_pairs") }}
),

linked_products as (
    select
        product_key,
        count(*) as degree,
        {{ exact_sum("weight", 9) }} as weighted_degree
    from edge_ends
    group by product_key
),

nodes as (
    select
        cast(
            row_number() over (order by product_keys.product_key) - 1 as integer
        ) as node_id,
        product_keys.product_id,
        product_keys.product_key,
        cast(linked_products.degree as integer) as degree,
        linked_products.weighted_degree
    from linked_products
    inner join {{ ref("int_product_keys") }} as product_keys
        on linked_products.product_key = product_keys.product_key
)

select * from nodes
order by node_id
