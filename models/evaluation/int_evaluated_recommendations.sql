{{ config(batch_over="int_user_batches", batch_where="scope = 'evaluated'") }}

{# What each model would have recommended at the cut, by the same rules as the published
   rows. The baselines have no neighbours and start further down the ladder. #}
with users as (
    select user_key from {{ ref("int_user_batches") }}
    where scope = 'evaluated' and {{ in_batch() }}
),

{{ recommended_products(
    "evaluated", "users", ref("int_neighbours"), evaluated_models(),
    judged_lengths() | max
) }}

select
    model,
    user_key,
    rank,
    product_key
from recommended
