{# How popular a product is and since when, as of each scope's moment. Ranks are
   comparable between busy and quiet months. #}
with activity as (
    select
        moments.scope,
        interactions.product_key,
        count(*) as interactions,
        count(*) filter (where interactions.is_purchase) as purchases,
        {% for days in (1, 3, 7) %}
            count(*) filter (
                where
                interactions.event_at
                >= moments.known_until - interval '{{ days }} days'
            ) as interactions_{{ days }},
        {% endfor %}
        min(
            {{ seconds_between("interactions.event_at", "moments.known_until") }}
        ) / 86400 as last_seen_days,
        max(
            {{ seconds_between("interactions.event_at", "moments.known_until") }}
        ) / 86400 as first_seen_days
    from {{ ref("int_interactions") }} as interactions
    inner join {{ ref("int_scope_moments") }} as moments
        on interactions.event_at < moments.known_until
    where interactions.event_weight > 0
    group by moments.scope, interactions.product_key
)

select
    activity.*,
    popularity.category_code,
    popularity.score as popularity,
    popularity.shop_rank,
    popularity.category_rank,
    cast(row_number() over (
        partition by activity.scope
        order by
            activity.interactions_7 desc,
            activity.interactions desc,
            activity.product_key
    ) as integer) as recent_rank,
    cast(row_number() over (
        partition by activity.scope, popularity.category_code
        order by
            activity.interactions_7 desc,
            activity.interactions desc,
            activity.product_key
    ) as integer) as recent_category_rank,
    {# As in int_product_exposure: all but the products of the first 80 %. #}
    sum(activity.interactions) over (
        partition by activity.scope
        order by activity.interactions desc, activity.product_key
        rows between unbounded preceding and current row
    ) - activity.interactions
    >= 0.8 * sum(activity.interactions) over (partition by activity.scope) as is_tail
from activity
inner join {{ ref("int_popularity") }} as popularity
    on
        activity.scope = popularity.scope
        and activity.product_key = popularity.product_key
