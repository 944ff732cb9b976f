{# Users in batches of about the same work, in the order of their ids.
   1. users: each scope's, with the models that recommend to them;
   2. group_knn, history_lengths: the inputs of the estimate;
   3. work: rows of neighbour_candidates, one per product of the history and
      neighbour of it, per model, and, for group_knn, one per similar group and
      product of it; int_similar_groups has one per product of the history and group
      of it. #}
with users as (
    select
        'published' as scope,
        user_key,
        1 as models
    from {{ ref("int_user_keys") }}
    union all
    select distinct
        'evaluated' as scope,
        user_key,
        {{ evaluated_models() | length }} as models
    from {{ ref("int_targets") }}
),

group_knn as (
    {# Means over pairs of a product and one of its groups, since groups are found that
       way. There are no pairs unless `blend` asks for group_knn. #}
    select
        cast(coalesce(ceil(avg(group_size)), 0) as bigint) as products_per_group,
        cast(coalesce(
            ceil(avg(least(degree, {{ var("knn_product_groups") }}))), 0
        ) as bigint) as groups_per_product
    from {{ ref("int_strongest_groups") }}
),

history_lengths as (
    select
        scope,
        user_key,
        count(*) as products
    from {{ ref("int_user_histories") }}
    group by scope, user_key
),

work as (
    {# Every user costs at least one unit: even an empty history gets a full list. #}
    select
        users.scope,
        users.user_key,
        user_keys.user_id,
        users.models * {{ var("neighbours") }}
        * (1 + coalesce(history_lengths.products, 0))
        + least(users.models, 2)
        * {{ var("knn_groups") }} * group_knn.products_per_group
        + coalesce(history_lengths.products, 0) * group_knn.groups_per_product as terms
    from users
    left join history_lengths
        on
            users.scope = history_lengths.scope
            and users.user_key = history_lengths.user_key
    left join {{ ref("int_user_keys") }} as user_keys
        on users.user_key = user_keys.user_key
    cross join group_knn
)

select
    scope,
    user_key,
    cast({{ whole_quotient(
        "sum(terms) over in_order", var("terms_per_batch")
    ) }} as integer) as batch
from work
window in_order as (
    partition by scope
    order by user_id, user_key
    rows between unbounded preceding and current row
)
