-- One row per product that sells better than the shop wherever it is seen; the surest first.
select
    product_id,
    users,
    purchases,
    purchase_rate,
    shop_rate,
    users_recommended_to,
    count(*) over () as rows_in_all
from hidden_winners
order by rank
limit $week_rows
