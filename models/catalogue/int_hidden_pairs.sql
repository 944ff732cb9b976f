{# A user without events has no key, but functions may be called for that user. #}
with hidden as (
    select distinct
        user_id,
        product_id
    from {{ ref("stg_listed_products") }}
    where list = 'hidden' and user_id is not null
)

select
    hidden.user_id,
    user_keys.user_key,
    hidden.product_id,
    product_keys.product_key
from hidden
inner join {{ ref("int_product_keys") }} as product_keys
    on hidden.product_id = product_keys.product_id
left join {{ ref("int_user_keys") }} as user_keys on hidden.user_id = user_keys.user_id
