{# Fallback recommendations for users without a history.
   1. interactions: those known to each scope, evaluated up to the cut, learned up to
      the ranker's cut;
   2. scores: the sum of their weights, aged;
   3. scored: every product, 0 without interactions;
   4. ranked: in the shop and in its category. #}
{% set moments = {
    "published": ("int_timeline", "last_event_at", "true"),
    "evaluated": ("int_timeline", "graph_cutoff_at", known_at_evaluation("interactions.is_holdout")),
} %}
{% if ranker() != "off" %}
    {% do moments.update({"learned": (
        "int_learning_timeline",
        "graph_cutoff_at",
        "interactions.event_at < timeline.graph_cutoff_at",
    )}) %}
{% endif %}

with interactions as (
    {% for scope, (timeline, moment, is_known) in moments.items() %}
        select
            '{{ scope }}' as scope,
            interactions.product_key,
            interactions.event_weight,
            {{ days_between("interactions.event_at", "timeline." ~ moment) }}
                as age_days
        from {{ ref("int_interactions") }} as interactions
        cross join {{ ref(timeline) }} as timeline
        where {{ is_known }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

scores as (
    select
        scope,
        product_key,
        {{ exact_sum(
            "event_weight * " ~ half_life("age_days", var("half_life_days")), 3, bits=64
        ) }} as score
    from interactions
    group by scope, product_key
),

{# Every product has a rank, so that a list can hold the whole shop. #}
scored as (
    select
        scopes.scope,
        products.product_key,
        products.category_code,
        coalesce(scores.score, 0) as score
    from {{ ref("products") }} as products
    cross join (
        values
        {% for scope in moments %}
            ('{{ scope }}'){{ "," if not loop.last }}
        {% endfor %}
    ) as scopes (scope)
    left join scores
        on
            products.product_key = scores.product_key
            and scopes.scope = scores.scope
),

ranked as (
    select
        scope,
        category_code,
        product_key,
        score,
        cast(row_number() over (
            partition by scope order by score desc, product_key
        ) as integer) as shop_rank,
        cast(row_number() over (
            partition by scope, category_code order by score desc, product_key
        ) as integer) as category_rank
    from scored
)

select * from ranked
