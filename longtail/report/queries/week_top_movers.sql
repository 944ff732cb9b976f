-- One row per product that rose or fell by more than chance does.
select
    product_id,
    interactions_before,
    interactions_after,
    expected_after,
    surprise,
    count(*) over () as rows_in_all
from top_movers
where abs(surprise) >= 2
order by rank
limit $week_rows
