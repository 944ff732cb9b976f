with acted as (
    select
        choices.user_id,
        choices.user_session,
        planned.event_type,
        coalesce(complements.complement_number, choices.product_number)
            as product_number,
        {{ demo_pick("fault", "choices.step_number * 8 + planned.place", 10000) }}
            as fault_ticket,
        choices.step_second + cast(floor(choices.pace * (
            0.12 * planned.place
            + 0.15 * {{ demo_uniform("hesitation", "choices.step_number") }}
        )) as bigint) as event_second
    from {{ ref("demo_choices") }} as choices
    inner join {{ ref("demo_plans") }} as planned
        on choices.plan_ticket = planned.ticket_number
    left join {{ ref("demo_complements") }} as complements
        on
            choices.product_number = complements.product_number
            and planned.complement_place = complements.place
),

faulty as (
    select
        acted.*,
        coalesce(faults.fault, 'none') as fault
    from acted
    left join {{ ref("demo_faults") }} as faults
        on acted.fault_ticket = faults.ticket_number
    where acted.event_second < {{ var("demo_days") }} * 86400
)

select
    case faulty.fault
        when 'no time' then null
        when 'broken time' then '2019-13-45 99:00:00 UTC'
        when 'word for time' then 'yesterday'
        else {{ demo_time_text("faulty.event_second") }}
    end as event_time,
    case faulty.fault when 'unknown type' then 'refund' else faulty.event_type end
        as event_type,
    case when faulty.fault != 'no product' then products.product_id end as product_id,
    products.category_id,
    products.category_code,
    products.brand,
    case faulty.fault when 'negative price' then '-' else '' end
    || cast(products.price as varchar) as price,
    case when faulty.fault != 'no user' then faulty.user_id end as user_id,
    case when faulty.fault != 'no session' then faulty.user_session end as user_session
from faulty
inner join {{ ref("demo_products") }} as products
    on faulty.product_number = products.product_number
