{# Properties of each model's lists, over all users:
   1. tail: novelty and share of the long tail;
   2. wide: with coverage and concentration;
   3. long: a row per metric, and those of diversity. #}
with slots as (
    select * from {{ ref("int_list_slots") }}
),

shop as (
    select count(distinct user_key) as users
    from {{ ref("int_interactions") }}
    where {{ known_at_evaluation() }}
),

tail as (
    {# Novelty: surprise at a product in bits, -log2 of the share of users who know
       it. #}
    select
        slots.model,
        slots.k,
        avg(-log2(greatest(products.users, 1) / greatest(shop.users, 1))) as novelty,
        avg(cast(products.is_long_tail as integer)) as long_tail_share
    from slots
    inner join {{ ref("int_product_exposure") }} as products
        on slots.product_key = products.product_key
    cross join shop
    group by slots.model, slots.k
),

wide as (
    select
        tail.model,
        tail.k,
        concentration.coverage,
        concentration.exposure_gini,
        tail.novelty,
        tail.long_tail_share
    from tail
    inner join {{ ref("int_list_concentration") }} as concentration
        on tail.model = concentration.model and tail.k = concentration.k
),

long as (
    select
        model,
        k,
        metric,
        value
    from wide unpivot (
        value for metric in (coverage, exposure_gini, novelty, long_tail_share)
    )
)

select
    model,
    k,
    metric,
    value
from long
union all
select
    model,
    k,
    metric,
    value
from {{ ref("int_list_diversity") }}
