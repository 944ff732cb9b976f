{# Looked at one brand, bought another of the same category in the same session. #}
with steps as (

    select
        interactions.session_id,
        interactions.event_at,
        interactions.is_purchase,
        products.category_code,
        products.brand
    from {{ ref("int_interactions") }} as interactions
    inner join {{ ref("products") }} as products
        on interactions.product_key = products.product_key
    where products.brand is not null and products.category_code is not null

),

switches as (

    select distinct
        bought.session_id,
        bought.category_code,
        seen.brand as looked_at,
        bought.brand as bought
    from steps as bought
    inner join steps as seen
        on
            bought.session_id = seen.session_id
            and bought.category_code = seen.category_code
            and bought.brand != seen.brand
            and bought.event_at > seen.event_at
    where bought.is_purchase and not seen.is_purchase

)

select
    category_code,
    looked_at,
    bought,
    count(*) as sessions
from switches
group by category_code, looked_at, bought
order by sessions desc, category_code asc, looked_at asc, bought asc
