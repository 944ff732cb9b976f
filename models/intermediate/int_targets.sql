{# What the evaluated users did after the cut and could have been recommended: the truth. #}
with after_the_cut as (

    select
        user_key,
        product_key,
        bool_or(is_purchase) as is_purchase
    from {{ ref("int_interactions") }}
    where is_holdout and event_weight > 0
    group by user_key, product_key

),

before_the_cut as (

    select distinct
        user_key,
        product_key
    from {{ ref("int_interactions") }}
    where not is_holdout and {{ is_excluded() }}

),

users as (

    select distinct after_the_cut.user_key, user_keys.user_id
    from after_the_cut
    inner join {{ ref("int_user_keys") }} as user_keys
        on after_the_cut.user_key = user_keys.user_key

),

sampled_users as (

    select user_key
    from users
    order by md5(user_id), user_id
    limit {{ var("evaluation_users") }}

),

targets as (

    select after_the_cut.*
    from after_the_cut
    semi join sampled_users on after_the_cut.user_key = sampled_users.user_key
    anti join before_the_cut
        on
            after_the_cut.user_key = before_the_cut.user_key
            and after_the_cut.product_key = before_the_cut.product_key

)

select * from targets
