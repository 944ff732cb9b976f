-- One row per category and pair of brands, of which one loses buyers to the other on balance.
select
    category_code,
    from_brand,
    to_brand,
    sessions,
    sessions_back,
    net_sessions,
    surprise,
    count(*) over () as rows_in_all
from brand_flow
order by rank
limit $week_rows
