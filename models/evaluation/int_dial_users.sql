{# The popularity dial searches once per setting: a sample of the evaluated users
   suffices. #}
{% set dial_users = 2000 %}
with users as (
    select distinct user_key from {{ ref("int_targets") }}
),

sampled as (
    select users.user_key
    from users
    left join {{ ref("int_user_keys") }} as user_keys
        on users.user_key = user_keys.user_key
    order by md5(user_keys.user_id), users.user_key
    limit {{ dial_users }}
)

select * from sampled
