{# Users in batches of about the same work, in the order of their ids. The work is that
   of neighbour_candidates: a row per product of the history and neighbour of it, per
   model. #}

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

history_lengths as (

    select
        scope,
        user_key,
        count(*) as products
    from {{ ref("int_user_histories") }}
    group by scope, user_key

),

work as (

    {# Nobody is free: a list is filled up in any case. #}
    select
        users.scope,
        users.user_key,
        user_keys.user_id,
        users.models * {{ var("neighbours") }}
        * (1 + coalesce(history_lengths.products, 0)) as terms
    from users
    left join history_lengths
        on
            users.scope = history_lengths.scope
            and users.user_key = history_lengths.user_key
    left join {{ ref("int_user_keys") }} as user_keys
        on users.user_key = user_keys.user_key

)

select
    scope,
    user_key,
    cast(sum(terms) over (
        partition by scope
        order by user_id, user_key
        rows between unbounded preceding and current row
    ) // {{ var("terms_per_batch") }} as integer) as batch
from work
