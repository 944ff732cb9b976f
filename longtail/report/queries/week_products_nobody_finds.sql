-- One row per product that hardly anybody sees, with the popular one beside which it belongs.
select
    product_id,
    users,
    beside_product_id,
    popular_products_beside,
    count(*) over () as rows_in_all
from products_nobody_finds
order by rank
limit $week_rows
