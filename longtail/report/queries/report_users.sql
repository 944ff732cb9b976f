-- One row per user in the explorer: as many with long, middling, short and no histories.
with histories as (

    select
        user_key,
        count(*) as products
    from int_user_histories
    where scope = 'published'
    group by user_key

),

kinds as (

    select
        user_keys.user_id,
        user_keys.user_key,
        case
            when histories.products is null then 'no history'
            when histories.products >= 10 then 'long history'
            when histories.products >= 3 then 'middling history'
            else 'short history'
        end as kind
    from int_user_keys as user_keys
    left join histories on user_keys.user_key = histories.user_key

),

placed as (

    select
        *,
        row_number() over (partition by kind order by md5(user_id), user_id) as place
    from kinds

)

select
    user_id,
    user_key,
    kind,
    place
from placed
where place <= $users_per_kind
