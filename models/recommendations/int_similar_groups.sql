{{ config(batch_over="int_user_batches" if uses_group_knn() else none) }}

{# Nearest neighbours among users or sessions (user-based: Herlocker et al. 1999;
   sessions: S-KNN, Ludewig and Jannach 2018). rp3beta's vars weigh the products that a
   group shares with the history, not those that it recommends. #}
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

shared_products as (

    select
        histories.scope,
        histories.user_key,
        product_groups.group_key,
        histories.product_key,
        histories.place,
        product_groups.group_size,
        histories.interest * product_groups.weight as weight
    from histories
    inner join {{ ref("int_strongest_groups") }} as product_groups
        on
            histories.product_key = product_groups.product_key
            and histories.user_key != product_groups.user_key

),

similarities as (

    select
        scope,
        user_key,
        group_key,
        max(group_size) as group_size,
        power(
            {{ exact_sum("weight", 12) }}, {{ var("rp3_alpha") }}
        ) as similarity,
        max_by(product_key, (weight, -place)) as because_product_key,
        max_by(place, (weight, -place)) as because_place
    from shared_products
    group by scope, user_key, group_key

),

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

{# All groups together pass on what the neighbours do: the history's interest. #}
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
