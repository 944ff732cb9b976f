{{ config(post_hook="{{ write_edgelist() }}", meta={"files": ["product_edges.edg"]}) }}

with pairs as (
    select * from {{ ref("int_pruned_pairs") }}
),

nodes as (
    select * from {{ ref("product_nodes") }}
),

edges as (
    {# Nodes are numbered in the order of product keys, so a < b holds for nodes too. #}
    select
        sources.node_id as source_node_id,
        targets.node_id as target_node_id,
        sources.product_id as source_product_id,
        targets.product_id as target_product_id,
        pairs.weight,
        pairs.sessions_together
    from pairs
    inner join nodes as sources on pairs.product_key_a = sources.product_key
    inner join nodes as targets on pairs.product_key_b = targets.product_key
)

select * from edges
order by source_node_id, target_node_id
