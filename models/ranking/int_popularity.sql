{# What everybody gets when nothing is known. The evaluated scope knows nothing after
   the cut, the learned one nothing after the ranker's. #}
{% set scopes = ["published", "evaluated"] %}
{% if ranker() != "off" %}{% do scopes.append("learned") %}{% endif %}

with interactions as (

    select
        'published' as scope,
        interactions.product_key,
        interactions.event_weight,
        {{ days_between("interactions.event_at", "timeline.last_event_at") }}
            as age_days
    from {{ ref("int_interactions") }} as interactions
    cross join {{ ref("int_timeline") }} as timeline
    union all
    select
        'evaluated' as scope,
        interactions.product_key,
        interactions.event_weight,
        {{ days_between("interactions.event_at", "timeline.graph_cutoff_at") }}
            as age_days
    from {{ ref("int_interactions") }} as interactions
    cross join {{ ref("int_timeline") }} as timeline
    where {{ known_at_evaluation("interactions.is_holdout") }}
    {% if "learned" in scopes %}
        union all
        select
            'learned' as scope,
            interactions.product_key,
            interactions.event_weight,
            {{ days_between("interactions.event_at", "timeline.graph_cutoff_at") }}
                as age_days
        from {{ ref("int_interactions") }} as interactions
        inner join {{ ref("int_learning_timeline") }} as timeline
            on interactions.event_at < timeline.graph_cutoff_at
    {% endif %}

),

scores as (

    select
        scope,
        product_key,
        sum(cast(round(1e3 * event_weight * {{ half_life(
            "age_days", var("half_life_days")
        ) }}) as bigint)) / 1e3 as score
    from interactions
    group by scope, product_key

),

{# Every product has a place, so that the list never ends before the shop does. #}
scored as (

    select
        scopes.scope,
        products.product_key,
        products.category_code,
        coalesce(scores.score, 0) as score
    from {{ ref("products") }} as products
    cross join (
        values
        {% for scope in scopes %}
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
