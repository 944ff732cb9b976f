with choices as (
    select * from {{ ref('demo_choices') }}
),

acted as (
    select
        choices.*,
        plans.event_type,
        coalesce(complements.complement_number, choices.product_number) as acted_product,
        {{ demo_pick('fault', 'choices.step_number * 8 + plans.place', 10000) }}
            as fault_ticket,
        choices.step_second + cast(floor(choices.pace * (
            0.12 * plans.place + 0.15 * {{ demo_uniform('jitter', 'choices.step_number') }}
        )) as bigint) as event_second
    from choices
    inner join {{ ref('demo_plans') }} as plans
        on choices.plan_ticket = plans.ticket_number
    left join {{ ref('demo_complements') }} as complements
        on choices.product_number = complements.product_number
        and plans.complement_place = complements.place
)

select
    case coalesce(faults.fault, '')
        when 'no time' then null
        when 'broken time' then '2019-13-45 99:00:00 UTC'
        when 'word for time' then 'yesterday'
        else {{ demo_time_text('acted.event_second') }}
    end as event_time,
    case when faults.fault = 'unknown type' then 'refund' else acted.event_type end
        as event_type,
    case when coalesce(faults.fault, '') <> 'no product' then products.product_id end
        as product_id,
    products.category_id,
    products.category_code,
    products.brand,
    cast(cast(
        products.price * case when faults.fault = 'negative price' then -1 else 1 end
        as decimal(12, 2)
    ) as varchar) as price,
    case when coalesce(faults.fault, '') <> 'no user' then acted.user_id end as user_id,
    case when coalesce(faults.fault, '') <> 'no session' then acted.user_session end
        as user_session
from acted
inner join {{ ref('demo_products') }} as products
    on acted.acted_product = products.product_number
left join {{ ref('demo_faults') }} as faults
    on acted.fault_ticket = faults.ticket_number
where acted.event_second < {{ var('demo_days') }} * 86400
