{# Segments of the evaluated users by what they had done before the cut; every user is
   in 'all'. #}
with users as (
    select distinct user_key from {{ ref("int_targets") }}
),

activity as (
    select
        user_key,
        count(*) as products
    from {{ ref("int_user_histories") }}
    where scope = 'evaluated'
    group by user_key
),

segmented as (
    select
        users.user_key,
        case
            when parts.is_whole then 'all'
            when activity.products is null then 'new users'
            when activity.products < 5 then 'light users'
            else 'heavy users'
        end as segment
    from users
    left join activity on users.user_key = activity.user_key
    cross join (values (true), (false)) as parts (is_whole)
)

select * from segmented
