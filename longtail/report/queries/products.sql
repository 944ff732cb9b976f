-- One row per product in the file.
select
    product_id as id,
    product_name as name,
    category_code as category,
    brand,
    price,
    interactions,
    purchases,
    cluster_id as cluster,
    x,
    y,
    x3,
    y3,
    z3
from report_products
order by position
