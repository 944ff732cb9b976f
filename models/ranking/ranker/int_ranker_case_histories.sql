{# The histories that candidates are made from; the first of equal ones. #}
select
    batches.scope,
    case batches.scope when 'learned' then 'learning' else 'serving' end as cut,
    {{ case_key("batches.user_key", "batches.scope") }} as case_key,
    histories.user_key,
    histories.place,
    histories.product_key,
    histories.interest,
    histories.repeat_interest,
    {{ event_weight("histories.event_type") }} as weight,
    histories.last_event_at,
    histories.sessions,
    {{ seconds_between("histories.first_event_at", "histories.last_event_at") }} / 86400
    / nullif(histories.sessions - 1, 0) as interval_days,
    rates.share as repurchase_share,
    rates.usual_days as repurchase_days,
    products.category_code,
    products.brand
from {{ ref("int_ranker_batches") }} as batches
inner join {{ ref("int_ranker_histories") }} as histories
    on batches.scope = histories.scope and batches.user_key = histories.user_key
inner join {{ ref("products") }} as products
    on histories.product_key = products.product_key
left join {{ ref("int_product_repurchases") }} as rates
    on
        rates.cut = case batches.scope when 'learned' then 'learning' else 'serving' end
        and histories.product_key = rates.product_key
anti join {{ ref("int_equal_histories") }} as others
    on batches.scope = others.scope and batches.user_key = others.user_key
where {{ in_batch("batches.batch") }} and {{ computed_once() }}
