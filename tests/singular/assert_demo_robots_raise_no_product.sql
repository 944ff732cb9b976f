{{ config(tags=['demo'], enabled=not var('events', '')) }}

{# Planted truth: popularity and pairs of products are those of the shop's people alone,
   recomputed without the planted robots. In a large demo a sample of products is
   checked. #}
{% set window = var("window") | int %}
with people as (
    select user_keys.user_key
    from {{ ref("int_user_keys") }} as user_keys
    semi join {{ ref("demo_users") }} as users
        on user_keys.user_id = users.user_id and not users.is_robot
),

tried_products as (
    select product_key
    from {{ ref("int_product_keys") }}
    where
        product_key % greatest(
            1, (select count(*) // 2000000 from {{ ref("int_events_flagged") }})
        ) = 0
),

popularity as (
    select
        events.product_key,
        sum(events.event_weight * {{ half_life(
            "date_diff('day', events.event_at, timeline.last_event_at)",
            var("half_life_days")
        ) }}) as score,
        count(*) as interactions
    from {{ ref("int_events_flagged") }} as events
    cross join {{ ref("int_timeline") }} as timeline
    semi join people on events.user_key = people.user_key
    where events.removed_as is null and events.event_at < timeline.log_ends_at
    group by events.product_key
),

raised_products as (
    {# The published score rounds each event to a thousandth. #}
    select
        'popularity' as figure,
        cast(tried_products.product_key as varchar) as products,
        published.score as found,
        coalesce(popularity.score, 0) as expected
    from tried_products
    inner join {{ ref("int_popularity") }} as published
        on
            tried_products.product_key = published.product_key
            and published.scope = 'published'
    left join popularity on tried_products.product_key = popularity.product_key
    where
        abs(published.score - coalesce(popularity.score, 0))
        > 0.001 * coalesce(popularity.interactions, 0)
),

steps as (
    select session_steps.*
    from {{ ref("int_session_steps") }} as session_steps
    semi join people on session_steps.user_key = people.user_key
),

pairs as (
    select
        least(here.product_key, there.product_key) as product_key_a,
        greatest(here.product_key, there.product_key) as product_key_b,
        count(distinct here.session_id) as sessions
    from steps as here
    semi join tried_products on here.product_key = tried_products.product_key
    inner join steps as there
        on
            here.session_id = there.session_id
            and here.product_key != there.product_key
            and (abs(here.step - there.step) <= {{ window }} or {{ window }} = 0)
    group by all
),

published_pairs as (
    select
        product_key_a,
        product_key_b,
        sessions_together
    from {{ ref("int_product_pairs") }}
    where
        product_key_a in (select tried.product_key from tried_products as tried)
        or product_key_b in (select tried.product_key from tried_products as tried)
),

raised_pairs as (
    select
        'sessions together' as figure,
        coalesce(published_pairs.product_key_a, pairs.product_key_a) || ' '
        || coalesce(published_pairs.product_key_b, pairs.product_key_b) as products,
        published_pairs.sessions_together as found,
        pairs.sessions as expected
    from published_pairs
    full outer join pairs
        on
            published_pairs.product_key_a = pairs.product_key_a
            and published_pairs.product_key_b = pairs.product_key_b
    where published_pairs.sessions_together is distinct from pairs.sessions
)

select * from raised_products
union all
select * from raised_pairs
