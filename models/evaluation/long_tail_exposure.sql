with products as (
    select * from {{ ref("int_product_exposure") }}
),

deciles as (
    select
        decile,
        count(*) / sum(count(*)) over () as share_of_products,
        sum(interactions) / greatest(sum(sum(interactions)) over (), 1)
            as share_of_interactions
    from products
    group by decile
),

slots as (
    select
        recommendations.model,
        products.decile,
        count(*) as slots
    from {{ ref("int_evaluated_recommendations") }} as recommendations
    inner join products on recommendations.product_key = products.product_key
    group by all
),

models as (
    select
        model,
        sum(slots) as slots
    from slots
    group by model
),

exposure as (
    select
        '{{ invocation_id }}' as build_id,
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as built_at,
        models.model,
        deciles.decile,
        deciles.share_of_products,
        deciles.share_of_interactions,
        coalesce(slots.slots, 0) / models.slots as share_of_slots
    from models
    cross join deciles
    left join slots
        on models.model = slots.model and deciles.decile = slots.decile
),

{# Kept per build, so that a trend can be seen. #}
every_build as (
    {{ union_by_name("exposure", earlier_rows("long_tail_exposure")) }}
)

select * from every_build
