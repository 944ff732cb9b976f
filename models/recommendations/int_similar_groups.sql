{{ config(batch_over="int_user_batches" if uses_group_knn() else none) }}

{# Nearest neighbours among users or sessions (user-based: Herlocker et al. 1999;
   sessions: S-KNN, Ludewig and Jannach 2018). rp3beta's vars weigh the products that a
   group shares with the history, not those that it recommends.
   1. users, histories: of the batch;
   2. similarities: each history against the groups of its products (a macro: analysts'
      queries use it too);
   3. nearest: the most similar groups;
   4. interests: the total weight that a history's groups pass on, as neighbours do. #}
with users as (
    select
        scope,
        user_key
    from {{ ref("int_user_batches") }}
    where {{ in_batch() }}
),

histories as (
    select histories.*
    from {{ ref("int_user_histories") }} as histories
    semi join users
        on histories.scope = users.scope and histories.user_key = users.user_key
),

{{ group_similarities("histories") }},

nearest as (
    select
        *,
        cast(row_number() over (
            partition by scope, user_key
            order by similarity desc, group_key
        ) as integer) as rank
    from similarities
    where similarity > 0
    qualify rank <= {{ var("knn_groups") }}
),

interests as (
    select
        scope,
        user_key,
        {{ exact_sum("interest", 6) }} as interest
    from histories
    group by scope, user_key
)

select
    nearest.scope,
    nearest.user_key,
    nearest.rank,
    nearest.group_key,
    nearest.because_product_key,
    nearest.because_place,
    {{ var("blend")["group_knn"] | default(0, true) }}
    * interests.interest * nearest.similarity
    / sum(nearest.similarity * nearest.group_size) over (
        partition by nearest.scope, nearest.user_key
        order by nearest.rank
        rows between unbounded preceding and unbounded following
    ) as weight
from nearest
inner join interests
    on nearest.scope = interests.scope and nearest.user_key = interests.user_key
