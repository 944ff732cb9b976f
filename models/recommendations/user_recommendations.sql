{{ config(batch_over="int_user_batches", batch_where="scope = 'published'") }}

{# 1. recommended: the ladder from neighbours of the history to what is popular.
   2. caused: the cause of each row, replaced where it is itself listed above.
   3. listed: with experiments, replaced by the lists of arms that have vars.
   4. causes, seen: how the user knows the cause, and what the user has seen. #}
with users as (
    select user_key from {{ ref("int_user_batches") }}
    where scope = 'published' and {{ in_batch() }}
),

serving_neighbours as (
    select * from {{ ref("int_neighbours") }}
    where model = {{ serving_model() }}
),

{{ recommended_products(
    "published", "users", "serving_neighbours", [served_model()], var("recommendations")
) }},

{{ other_causes("published", "serving_neighbours") }},

{{ lists_of_arms() }},

{{ causes_and_seen() }}

{# Sorted, so that a reader of one user skips most of the file. #}
select
    user_keys.user_id,
    listed.rank,
    product_keys.product_id,
    listed.score,
    case
        when listed.source != 'neighbour' then listed.source
        when seen.product_key is not null then 'seen before'
        else causes.source
    end as source,
    causes.product_id as because_product_id,
    causes.event_type as because_event_type,
    seen.product_key is not null as is_seen,
    case when seen.is_bought then repurchases.usual_days end as bought_again_days,
    {{ user_arm("user_keys.user_id") }} as arm
from listed
inner join {{ ref("int_user_keys") }} as user_keys
    on listed.user_key = user_keys.user_key
inner join {{ ref("int_product_keys") }} as product_keys
    on listed.product_key = product_keys.product_key
left join causes
    on
        listed.user_key = causes.user_key
        and listed.because_product_key = causes.product_key
left join seen
    on listed.user_key = seen.user_key and listed.product_key = seen.product_key
left join {{ ref("int_product_repurchases") }} as repurchases
    on listed.product_key = repurchases.product_key and repurchases.cut = 'serving'
order by user_keys.user_id, listed.rank
