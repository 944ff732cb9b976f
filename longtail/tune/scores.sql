-- One row per user with targets: recall and NDCG of the first 20 places of one model's lists, by
-- the definitions of the model int_user_metrics, and how many products these lists show.
-- Users are drawn as int_targets draws them, so that fewer users are some of more.
with known_targets as (
    from read_parquet($targets)
),

users as (
    select
        user_key,
        count(*) as targets
    from known_targets
    group by
        user_key,
        user_id
    order by
        md5(user_id),
        user_id
    limit $users
),

lists as (
    select lists.*
    from read_parquet($lists) as lists
    semi join users on lists.user_key = users.user_key
    where lists.model = $model and lists.rank <= 20
),

gains as (
    select
        lists.user_key,
        count(*) as hits,
        sum(1 / log2(lists.rank + 1)) as gain
    from lists
    inner join known_targets
        on
            lists.user_key = known_targets.user_key
            and lists.product_key = known_targets.product_key
    group by lists.user_key
)

select
    users.user_key,
    coalesce(gains.hits, 0) / users.targets as recall,
    coalesce(gains.gain, 0) / (
        select sum(1 / log2(place + 1)) from range(1, 21) as places (place)
        where place <= users.targets
    ) as ndcg,
    (select count(distinct product_key) from lists) as products
from users
left join gains on users.user_key = gains.user_key
order by users.user_key
