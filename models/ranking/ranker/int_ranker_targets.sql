{# What the users of the cases did next and could have been recommended. #}
select
    actions.user_key,
    actions.product_key,
    bool_or(actions.is_purchase) as is_purchase
from {{ ref("int_user_actions") }} as actions
inner join {{ ref("int_ranker_cases") }} as cases
    on
        actions.user_key = cases.user_key
        and actions.event_at >= cases.asked_at
        and actions.event_at < cases.ends_at
{% if var("exclude") != "auto" %}
    anti join (
        select * from {{ ref("int_excluded_products") }}
        where scope = 'learned'
    ) as excluded
        on
            actions.user_key = excluded.user_key
            and actions.product_key = excluded.product_key
{% endif %}
group by actions.user_key, actions.product_key
