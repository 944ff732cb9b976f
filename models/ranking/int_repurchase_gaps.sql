{# Days from one purchase to the next of the same product by the same user, as of each
   cut. Purchases on the same day count once. #}
with cuts as (
    select
        'serving' as cut,
        {{ "last_event_at + interval '1 second'" if var("targets")
            else "graph_cutoff_at" }} as cut_at
    from {{ ref("int_timeline") }}
    {% if ranker() != "off" %}
        union all
        select
            'learning' as cut,
            graph_cutoff_at as cut_at
        from {{ ref("int_learning_timeline") }}
    {% endif %}
),

purchase_days as (
    select distinct
        cuts.cut,
        interactions.user_key,
        interactions.product_key,
        cast(interactions.event_at as date) as purchase_date
    from {{ ref("int_interactions") }} as interactions
    inner join cuts on interactions.event_at < cuts.cut_at
    where interactions.is_purchase
)

select
    purchase_days.cut,
    purchase_days.user_key,
    purchase_days.product_key,
    products.category_code,
    {{ days_between(
        "lag(purchase_days.purchase_date) over in_order", "purchase_days.purchase_date"
    ) }} as days
from purchase_days
inner join {{ ref("products") }} as products
    on purchase_days.product_key = products.product_key
window in_order as (
    partition by purchase_days.cut, purchase_days.user_key, purchase_days.product_key
    order by purchase_days.purchase_date
)
