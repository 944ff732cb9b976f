{# The rule of pruning: a product keeps its strongest `max_neighbours` edges or all it
   has, and every edge is among those of one of its ends. #}
with pairs_of_products as (
    select
        product_key,
        count(*) as pairs
    from (
        select product_key_a as product_key from {{ ref("int_product_pairs") }}
        union all
        select product_key_b as product_key from {{ ref("int_product_pairs") }}
    )
    group by product_key
),

robbed_products as (
    select
        'product with too few edges' as problem,
        cast(pairs_of_products.product_key as varchar) as found
    from pairs_of_products
    left join {{ ref("product_nodes") }} as nodes
        on pairs_of_products.product_key = nodes.product_key
    where
        coalesce(nodes.degree, 0)
        < least(pairs_of_products.pairs, {{ var("max_neighbours") }})
),

edge_ends as (
    select
        source_node_id as node_id,
        source_node_id,
        target_node_id,
        weight
    from {{ ref("product_edges") }}
    union all
    select
        target_node_id as node_id,
        source_node_id,
        target_node_id,
        weight
    from {{ ref("product_edges") }}
),

places as (
    select
        source_node_id,
        target_node_id,
        rank() over (partition by node_id order by weight desc) as place
    from edge_ends
),

weak_edges as (
    select
        'edge that is weak at both ends' as problem,
        source_node_id || ' - ' || target_node_id as found
    from places
    group by source_node_id, target_node_id
    having min(place) > {{ var("max_neighbours") }}
)

select * from robbed_products
union all
select * from weak_edges
