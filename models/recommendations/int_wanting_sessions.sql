{# Sessions with a want, an event above a click, and every product looked at. #}
with steps as (
    select
        session_steps.session_id,
        session_steps.product_key,
        session_steps.step,
        session_steps.event_at,
        session_steps.step_weight > {{ click_weight() }} as is_wanted
    from {{ ref("int_session_steps") }} as session_steps
    anti join {{ ref("int_robots") }} as robots
        on session_steps.user_key = robots.user_key
),

log as (
    {# In a log with clicks only, a look counts as a want. #}
    select max(cast(is_wanted as integer)) = 0 as has_only_looks from steps
),

wanting as (
    select distinct steps.session_id
    from steps
    cross join log
    where steps.is_wanted or log.has_only_looks
),

products as (
    select
        steps.session_id,
        steps.product_key,
        min(steps.step) as first_step,
        min(steps.step) filter (where steps.is_wanted or log.has_only_looks)
            as wanted_step,
        min(steps.event_at) filter (where steps.is_wanted) as wanted_at
    from steps
    cross join log
    semi join wanting on steps.session_id = wanting.session_id
    group by steps.session_id, steps.product_key
),

first_products as (
    {# Capped like the groups of rp3beta: pairs grow with the square. #}
    select
        *,
        row_number() over (partition by session_id order by first_step) as place
    from products
    qualify place <= {{ var("rp3_group_size") }}
)

select * from first_products
