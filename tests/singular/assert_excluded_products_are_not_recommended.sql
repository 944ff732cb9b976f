{# Compared with the staged events, robots' too, not with int_excluded_products. Checks
   up to about a hundred thousand users. With `exclude: auto` products that may be
   recommended again are left out. #}
with users as (
    select
        user_id,
        user_key
    from {{ ref("int_user_keys") }}
    where
        user_key % greatest(
            1, (select count(*) // 100000 from {{ ref("int_user_keys") }})
        ) = 0
),

excluded as (
    select
        users.user_id,
        users.user_key,
        events.product_id,
        min(events.event_at) as first_event_at
    from {{ ref("stg_events") }} as events
    inner join users on events.user_id = users.user_id
    left join {{ ref("products") }} as products
        on events.product_id = products.product_id
    left join {{ ref("repurchases") }} as rates
        on products.category_code is not distinct from rates.category_code
    where
        {{ is_excluded() | replace("event_type", "events.event_type") }}
        and {{ "rates.is_bought_again is not true" if var("exclude") == "auto"
            else "true" }}
    group by users.user_id, users.user_key, events.product_id
),

published as (
    select
        'published' as scope,
        recommendations.user_id,
        recommendations.product_id
    from {{ ref("user_recommendations") }} as recommendations
    semi join excluded
        on
            recommendations.user_id = excluded.user_id
            and recommendations.product_id = excluded.product_id
    where
        recommendations.arm is null
        or not {{ is_one_of(
            "recommendations.arm",
            arms_with_vars() | selectattr("vars.exclude", "defined") | map(attribute="name")
        ) }}
),

evaluated as (
    select distinct
        'evaluated' as scope,
        excluded.user_id,
        excluded.product_id
    from {{ ref("int_evaluated_recommendations") }} as recommendations
    inner join {{ ref("int_product_keys") }} as product_keys
        on recommendations.product_key = product_keys.product_key
    inner join excluded
        on
            recommendations.user_key = excluded.user_key
            and product_keys.product_id = excluded.product_id
    cross join {{ ref("int_timeline") }} as timeline
    where
        excluded.first_event_at < timeline.graph_cutoff_at
        or {{ "true" if var("targets") else "false" }}
)

select * from published
union all
select * from evaluated
