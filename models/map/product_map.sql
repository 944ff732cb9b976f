with coordinates as (
    select * from {{ ref("map_coordinates") }}
),

cluster_names as (
    select * from {{ ref("int_cluster_names") }}
),

product_map as (
    select
        coordinates.product_id,
        coordinates.x,
        coordinates.y,
        coordinates.x3,
        coordinates.y3,
        coordinates.z3,
        coordinates.cluster_id,
        cluster_names.cluster_label
    from coordinates
    inner join cluster_names on coordinates.cluster_id = cluster_names.cluster_id
)

select * from product_map
