{# Compared with the staged events, before any cleaning. Checks up to about a hundred
   thousand users. #}
with recommended as (
    select
        recommendations.user_id,
        recommendations.product_id,
        recommendations.is_seen
    from {{ ref("user_recommendations") }} as recommendations
    inner join {{ ref("int_user_keys") }} as user_keys
        on recommendations.user_id = user_keys.user_id
    where
        user_keys.user_key % greatest(
            1, (select count(*) // 100000 from {{ ref("int_user_keys") }})
        ) = 0
),

with_event as (
    select
        recommended.user_id,
        recommended.product_id,
        true as has_event
    from recommended
    semi join {{ ref("stg_events") }} as events
        on
            recommended.user_id = events.user_id
            and recommended.product_id = events.product_id
)

select
    recommended.user_id,
    recommended.product_id,
    recommended.is_seen
from recommended
left join with_event
    on
        recommended.user_id = with_event.user_id
        and recommended.product_id = with_event.product_id
where recommended.is_seen != coalesce(with_event.has_event, false)
