{# What the users of the cases did next and could have been recommended. #}
select
    interactions.user_key,
    interactions.product_key,
    bool_or(interactions.is_purchase) as is_purchase
from {{ ref("int_interactions") }} as interactions
inner join {{ ref("int_ranker_cases") }} as cases
    on
        interactions.user_key = cases.user_key
        and interactions.event_at >= cases.asked_at
        and interactions.event_at < cases.ends_at
anti join (
    select * from {{ ref("int_excluded_products") }}
    where scope = 'learned'
) as excluded
    on
        interactions.user_key = excluded.user_key
        and interactions.product_key = excluded.product_key
where interactions.event_weight > 0
group by interactions.user_key, interactions.product_key
