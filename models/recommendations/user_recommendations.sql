{{ config(batch_over="int_user_batches", batch_where="scope = 'published'") }}

{# 1. recommended: the ladder from neighbours of the history to what is popular.
   2. caused: the reason of each row, another one where it is itself listed above.
   3. listed: with experiments, the lists of arms that have vars in place of these.
   4. causes, seen: what the reason is to the user, and what the user has seen. #}
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

{% if arms_with_vars() %}
    listed as (
        select caused.*
        from caused
        anti join {{ ref("int_arm_users") }} as arm_users
            on caused.user_key = arm_users.user_key
        union all
        select arm_lists.*
        from {{ ref("int_arm_lists") }} as arm_lists
        semi join users on arm_lists.user_key = users.user_key
    ),
{% endif %}

{{ causes_and_seen() }}

{# In order, so that a reader of one user skips most of the file. #}
select
    user_keys.user_id,
    caused.rank,
    product_keys.product_id,
    caused.score,
    case
        when caused.source != 'neighbour' then caused.source
        when seen.product_key is not null then 'seen before'
        else causes.source
    end as source,
    causes.product_id as because_product_id,
    causes.event_type as because_event_type,
    seen.product_key is not null as is_seen,
    case when seen.is_bought then repurchases.usual_days end as bought_again_days,
    {{ user_arm("user_keys.user_id") }} as arm
from {{ "listed" if arms_with_vars() else "caused" }} as caused
inner join {{ ref("int_user_keys") }} as user_keys
    on caused.user_key = user_keys.user_key
inner join {{ ref("int_product_keys") }} as product_keys
    on caused.product_key = product_keys.product_key
left join causes
    on
        caused.user_key = causes.user_key
        and caused.because_product_key = causes.product_key
left join seen
    on caused.user_key = seen.user_key and caused.product_key = seen.product_key
left join {{ ref("int_product_repurchases") }} as repurchases
    on caused.product_key = repurchases.product_key and repurchases.cut = 'serving'
order by user_keys.user_id, caused.rank
