{# LT02 is off: the branches of the if are whole queries, not indented for it. #}
-- noqa: disable=LT02
{% if ranker() == "off" %}

select 'nothing is learned' as claim
where false

{% else %}

{# Inputs of the ranker's features, recounted from the events up to its cut, or up to
   the moment of the case; a sample of pairs, next products and groups. #}
with timeline as (
    select
        graph_cutoff_at,
        learning_ends_at
    from {{ ref("int_learning_timeline") }}
),

known as (
    select events.*
    from {{ ref("int_interactions") }} as events
    cross join timeline
    where
        events.event_weight > 0
        and events.event_at < timeline.graph_cutoff_at
),

late_cases as (
    select
        'case' as place,
        cases.user_key as found
    from {{ ref("int_ranker_cases") }} as cases
    cross join timeline
    where
        cases.asked_at < timeline.graph_cutoff_at
        or cases.ends_at > timeline.learning_ends_at + interval '1 microsecond'
),

late_histories as (
    select
        'history' as place,
        histories.user_key as found
    from {{ ref("int_ranker_histories") }} as histories
    inner join {{ ref("int_ranker_cases") }} as cases
        on histories.user_key = cases.user_key
    where histories.scope = 'learned' and histories.last_event_at >= cases.asked_at
),

early_targets as (
    {# An answer lies after the moment of its case. #}
    select
        'target' as place,
        targets.user_key as found
    from {{ ref("int_ranker_targets") }} as targets
    inner join {{ ref("int_ranker_cases") }} as cases
        on targets.user_key = cases.user_key
    anti join {{ ref("int_user_actions") }} as events
        on
            targets.user_key = events.user_key
            and targets.product_key = events.product_key
            and cases.asked_at <= events.event_at
            and cases.ends_at > events.event_at
),

activity as (
    select
        product_key,
        count(*) as interactions
    from known
    group by product_key
),

late_activity as (
    select
        'popularity' as place,
        learned.product_key as found
    from {{ ref("int_product_activity") }} as learned
    left join activity on learned.product_key = activity.product_key
    where
        learned.scope = 'learned'
        and learned.interactions > coalesce(activity.interactions, 0)
),

late_scores as (
    {# A product without interactions before the cut has no popularity. #}
    select
        'score' as place,
        learned.product_key as found
    from {{ ref("int_popularity") }} as learned
    anti join known on learned.product_key = known.product_key
    where learned.scope = 'learned' and learned.score > 0
),

repurchases as (
    select count(*) as buyers
    from (
        select distinct
            user_key,
            product_key
        from known
        where is_purchase
    ) as bought
),

late_repurchases as (
    select
        'repurchase' as place,
        learned.buyers as found
    from {{ ref("int_repurchases") }} as learned
    cross join repurchases
    where
        learned.cut = 'learning' and learned.category_code = ''
        and learned.buyers > repurchases.buyers
),

some_products as (
    select product_key from {{ ref("int_product_keys") }}
    order by md5(product_id), product_id
    limit 200
),

visits as (
    select distinct
        known.session_id,
        known.user_key,
        known.product_key
    from known
    semi join some_products on known.product_key = some_products.product_key
),

together as (
    select
        visits_a.product_key as product_key_a,
        visits_b.product_key as product_key_b,
        count(*) as sessions
    from visits as visits_a
    inner join visits as visits_b on visits_a.session_id = visits_b.session_id
    group by visits_a.product_key, visits_b.product_key
),

late_pairs as (
    select
        'pair' as place,
        pairs.product_key_a as found
    from {{ ref("int_learning_pairs") }} as pairs
    semi join some_products on pairs.product_key_a = some_products.product_key
    semi join some_products as others on pairs.product_key_b = others.product_key
    left join together
        on
            pairs.product_key_a = together.product_key_a
            and pairs.product_key_b = together.product_key_b
    where pairs.sessions_together > coalesce(together.sessions, 0)
),

late_next_products as (
    select
        'next product' as place,
        next_products.product_key as found
    from {{ ref("int_next_products") }} as next_products
    semi join some_products on next_products.product_key = some_products.product_key
    semi join some_products as others on next_products.next_key = others.product_key
    left join together
        on
            next_products.product_key = together.product_key_a
            and next_products.next_key = together.product_key_b
    where next_products.cut = 'learning' and together.sessions is null
),

late_groups as (
    select
        'group' as place,
        groups.product_key as found
    from {{ ref("int_learning_groups") }} as groups
    semi join some_products on groups.product_key = some_products.product_key
    anti join visits
        on
            groups.group_key
            = visits.{{ "user_key" if var("rp3_groups") == "users" else "session_id" }}
            and groups.product_key = visits.product_key
)

{% for late in (
    "late_cases", "late_histories", "early_targets", "late_activity", "late_scores",
    "late_repurchases", "late_pairs", "late_next_products", "late_groups"
) %}
    select * from {{ late }}
    {{ "union all" if not loop.last }}
{% endfor %}

{% endif %}
