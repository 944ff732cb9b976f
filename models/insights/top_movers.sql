{# The shop's overall growth is factored out.
   1. timeline: two periods of equal length;
   2. activity: events of each product in both;
   3. compared: with the whole shop's share of events in the later one;
   4. movers: of n events n * share are expected there, with the standard deviation
      of a binomial draw. #}
with timeline as (
    select
        last_event_at,
        least(
            7 * 86400, {{ seconds_between("first_event_at", "last_event_at") }} / 2
        ) * interval '1 second' as period
    from {{ ref("int_timeline") }}
),

activity as (
    select
        interactions.product_key,
        count(*) filter (
            where interactions.event_at > timeline.last_event_at - timeline.period
        ) as interactions_after,
        count(*) filter (
            where interactions.event_at <= timeline.last_event_at - timeline.period
        ) as interactions_before
    from {{ ref("int_interactions") }} as interactions
    cross join timeline
    where interactions.event_at > timeline.last_event_at - 2 * timeline.period
    group by interactions.product_key
),

compared as (
    select
        *,
        interactions_before + interactions_after as interactions,
        sum(interactions_after) over ()
        / sum(interactions_before + interactions_after) over () as shop_share
    from activity
),

movers as (
    select
        product_key,
        interactions_before,
        interactions_after,
        interactions * shop_share as expected_after,
        (interactions_after - interactions * shop_share)
        / sqrt(interactions * shop_share * (1 - shop_share)) as surprise
    from compared
    where shop_share < 1
),

top_movers as (
    select
        cast(row_number() over (
            order by abs(movers.surprise) desc, products.product_id
        ) as integer) as rank,
        products.product_id,
        products.product_name,
        products.category_code,
        products.brand,
        products.price,
        movers.interactions_before,
        movers.interactions_after,
        movers.expected_after,
        movers.surprise
    from movers
    inner join {{ ref("products") }} as products
        on movers.product_key = products.product_key
)

select * from top_movers
