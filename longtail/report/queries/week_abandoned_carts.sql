-- One row per category with something left in carts, the most value first.
select
    category_code,
    carts,
    abandoned,
    abandoned_share,
    value_left,
    count(*) over () as rows_in_all
from abandoned_carts
where abandoned > 0
order by rank
limit $week_rows
