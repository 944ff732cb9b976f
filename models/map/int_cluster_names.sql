with sizes as (
    select
        coordinates.cluster_id,
        products.brand,
        count(*) as products,
        sum(count(*)) over (partition by coordinates.cluster_id) as cluster_products
    from {{ ref("map_coordinates") }} as coordinates
    inner join {{ ref("products") }} as products
        on coordinates.product_id = products.product_id
    group by coordinates.cluster_id, products.brand
),

{# A brand with less than a tenth of a cluster does not describe it. #}
largest_brands as (
    select
        cluster_id,
        max_by(brand, (products, brand)) as brand
    from sizes
    where brand is not null and 10 * products >= cluster_products
    group by cluster_id
),

named as (
    select
        categories.cluster_id,
        categories.category || coalesce(' · ' || largest_brands.brand, '') as name
    from {{ ref("int_cluster_categories") }} as categories
    left join largest_brands on categories.cluster_id = largest_brands.cluster_id
),

{# Clusters of the same name are numbered, the largest first. #}
numbered as (
    select
        cluster_id,
        name,
        row_number() over (partition by name order by cluster_id) as namesake
    from named
)

select
    cluster_id,
    name || case when namesake > 1 then ' (' || namesake || ')' else '' end
        as cluster_label
from numbered
