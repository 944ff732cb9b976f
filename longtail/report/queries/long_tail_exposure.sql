-- One row per model and decile of popularity, 1 the most popular; of the latest build.
select
    model,
    decile,
    share_of_products,
    share_of_interactions,
    share_of_slots
from long_tail_exposure
where built_at = (select max(built_at) from long_tail_exposure)
order by model, decile
