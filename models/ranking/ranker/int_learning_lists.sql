{{ config(batch_over="int_ranker_batches", batch_where="scope = 'learned'") }}

{# What each candidate for serving would have recommended to the cases, by the rules of
   the published rows and as of the ranker's cut. #}
with users as (
    select user_key from {{ ref("int_ranker_batches") }}
    where scope = 'learned' and {{ in_batch() }}
),

{{ recommended_products(
    "learned", "users", ref("int_learning_neighbours"), unranked_models(),
    judged_lengths() | max
) }}

select
    model,
    user_key,
    rank,
    product_key
from recommended
