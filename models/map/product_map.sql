with coordinates as (

    select * from {{ ref("map_coordinates") }}

),

products as (

    select * from {{ ref("products") }}

),

kinds as (

    {# A cluster is called by the category that most of its products are in, and its
       brand. #}
    select
        coordinates.cluster_id,
        mode() within group (order by products.category_code) as category_code,
        mode() within group (order by products.brand) as brand
    from coordinates
    inner join products on coordinates.product_id = products.product_id
    group by coordinates.cluster_id

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
        coalesce(kinds.category_code, 'no category')
        || coalesce(' · ' || kinds.brand, '') as cluster_label
    from coordinates
    inner join kinds on coordinates.cluster_id = kinds.cluster_id

)

select * from product_map
