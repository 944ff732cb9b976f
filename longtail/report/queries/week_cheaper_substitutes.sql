-- One row per product that has a cheaper one like it, the most popular first.
select
    product_id,
    price,
    cheaper_product_id,
    cheaper_price,
    saved_share,
    count(*) over () as rows_in_all
from cheaper_substitutes
order by rank
limit $week_rows
