-- One row per product in the file: those on the map first, then those that other sections name.
with named as (

    select product_id from report_recommendations
    union
    select because_product_id as product_id from report_recommendations
    union
    select products.product_id
    from products
    semi join report_events on products.product_key = report_events.product_key
    union
    select product_id from report_listed

)

select
    row_number() over (
        order by
            report_map.product_id is not null desc,
            products.interactions desc,
            products.product_id
    ) - 1 as position,
    report_map.product_id is not null as is_mapped,
    products.*,
    report_map.* exclude (product_id)
from products
left join report_map on products.product_id = report_map.product_id
where
    report_map.product_id is not null
    or products.product_id in (select product_id from named)
