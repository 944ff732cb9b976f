{{ config(enabled=(var("catalogue_vector", "") != "")) }}

select
    products.product_key,
    nodes.node_id,
    vectors.vector
from {{ ref("stg_product_vectors") }} as vectors
inner join {{ ref("products") }} as products
    on vectors.product_id = products.product_id
left join {{ ref("product_nodes") }} as nodes
    on products.product_key = nodes.product_key
