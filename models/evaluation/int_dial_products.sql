{# Products whose successors are needed: those in the histories of the dial's users. #}
with histories as (
    select distinct histories.product_key
    from {{ ref("int_user_histories") }} as histories
    semi join {{ ref("int_dial_users") }} as users
        on histories.user_key = users.user_key
    where histories.scope = 'evaluated'
)

select product_keys.product_id
from histories
inner join {{ ref("int_product_keys") }} as product_keys
    on histories.product_key = product_keys.product_key
