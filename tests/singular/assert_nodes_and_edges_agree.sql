{# Nodes whose degree, weight or product id is not what their edges say. #}
with edge_ends as (
    select
        source_node_id as node_id,
        source_product_id as product_id,
        weight
    from {{ ref("product_edges") }}
    union all
    select
        target_node_id as node_id,
        target_product_id as product_id,
        weight
    from {{ ref("product_edges") }}
),

counted as (
    select
        node_id,
        min(product_id) as first_product_id,
        max(product_id) as last_product_id,
        count(*) as degree,
        sum(weight) as weighted_degree
    from edge_ends
    group by node_id
)

select
    nodes.*,
    counted.degree as counted_degree,
    counted.weighted_degree as counted_weighted_degree
from {{ ref("product_nodes") }} as nodes
full outer join counted on nodes.node_id = counted.node_id
where
    nodes.degree is distinct from counted.degree
    or nodes.product_id is distinct from counted.first_product_id
    or nodes.product_id is distinct from counted.last_product_id
    or abs(nodes.weighted_degree - counted.weighted_degree) > 1e-6 * counted.degree
