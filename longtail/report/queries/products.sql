-- One row per product in the file. Coordinates are whole numbers: 1/5000 of the map's middle
-- 99.6 per cent, so that a few outliers do not squeeze the rest.
with middles as (

    select
        quantile_cont(x, [0.002, 0.998]) as x_range,
        quantile_cont(y, [0.002, 0.998]) as y_range,
        quantile_cont(x3, [0.002, 0.998]) as x3_range,
        quantile_cont(y3, [0.002, 0.998]) as y3_range,
        quantile_cont(z3, [0.002, 0.998]) as z3_range
    from report_products

),

frames as (

    select
        *,
        greatest(x_range[2] - x_range[1], y_range[2] - y_range[1], 1e-9) / 2 as half_flat,
        greatest(
            x3_range[2] - x3_range[1], y3_range[2] - y3_range[1], z3_range[2] - z3_range[1], 1e-9
        ) / 2 as half_deep
    from middles

)

select
    products.product_id as id,
    products.product_name as name,
    products.category_code as category,
    products.brand,
    products.price,
    products.interactions,
    products.purchases,
    products.cluster_id as cluster,
    cast(round(5000 * (x - (x_range[1] + x_range[2]) / 2) / half_flat) as integer) as x,
    cast(round(5000 * (y - (y_range[1] + y_range[2]) / 2) / half_flat) as integer) as y,
    cast(round(5000 * (x3 - (x3_range[1] + x3_range[2]) / 2) / half_deep) as integer) as x3,
    cast(round(5000 * (y3 - (y3_range[1] + y3_range[2]) / 2) / half_deep) as integer) as y3,
    cast(round(5000 * (z3 - (z3_range[1] + z3_range[2]) / 2) / half_deep) as integer) as z3
from report_products as products
cross join frames
order by products.position
