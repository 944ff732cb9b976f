{# Last 7 days of the log against the 7 before. The square root tames chance: a
   product that goes from 100 to 130 moves more surely than one that goes from 1 to
   4. #}
with activity as (

    select
        interactions.product_key,
        count(*) filter (
            where interactions.event_at > timeline.last_event_at - interval '7 days'
        ) as last_week,
        count(*) filter (
            where interactions.event_at <= timeline.last_event_at - interval '7 days'
        ) as week_before
    from {{ ref("int_interactions") }} as interactions
    cross join {{ ref("int_timeline") }} as timeline
    where interactions.event_at > timeline.last_event_at - interval '14 days'
    group by interactions.product_key

),

movers as (

    select
        products.product_id,
        products.category_code,
        products.brand,
        activity.week_before,
        activity.last_week,
        activity.last_week - activity.week_before as gained,
        (activity.last_week - activity.week_before)
        / sqrt(activity.last_week + activity.week_before) as surprise
    from activity
    inner join {{ ref("products") }} as products
        on activity.product_key = products.product_key

)

select * from movers
order by abs(surprise) desc, product_id asc
