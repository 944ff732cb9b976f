-- One row per product in the file: those on the map first, then those that users refer to.
create or replace temp table report_products as
with mapped as (

    select product_map.*
    from product_map
    inner join products on product_map.product_id = products.product_id
    order by products.interactions desc, products.product_id
    limit $map_products

),

referred as (

    select product_id from report_recommendations
    union
    select because_product_id as product_id from report_recommendations
    union
    select products.product_id
    from products
    semi join report_events on products.product_key = report_events.product_key

)

select
    row_number() over (
        order by
            mapped.product_id is not null desc,
            products.interactions desc,
            products.product_id
    ) - 1 as position,
    mapped.product_id is not null as is_mapped,
    products.*,
    mapped.x,
    mapped.y,
    mapped.x3,
    mapped.y3,
    mapped.z3,
    mapped.cluster_id,
    mapped.cluster_label
from products
left join mapped on products.product_id = mapped.product_id
where
    mapped.product_id is not null
    or products.product_id in (select product_id from referred)
