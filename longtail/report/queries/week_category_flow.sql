-- One row per category and the one that follows it more often than chance.
select
    category_code,
    next_category_code,
    moves,
    lift,
    count(*) over () as rows_in_all
from category_flow
where lift > 1
order by rank
limit $week_rows
