{# Interactions before the cut separate head and tail: deciles of products, and the tail
   as all products outside those that make up the first 80 % of interactions (Pareto's
   rule; Anderson 2006, The Long Tail). #}
with activity as (
    select
        product_key,
        count(*) as interactions,
        count(distinct user_key) as users
    from {{ ref("int_interactions") }}
    where {{ known_at_evaluation() }}
    group by product_key
),

every_product as (
    select
        products.product_key,
        coalesce(activity.interactions, 0) as interactions,
        coalesce(activity.users, 0) as users
    from {{ ref("int_product_keys") }} as products
    left join activity on products.product_key = activity.product_key
),

placed as (
    select
        *,
        ntile(10) over by_interactions as decile,
        sum(interactions) over (
            order by interactions desc, product_key
            rows between unbounded preceding and current row
        ) - interactions as interactions_above,
        sum(interactions) over () as all_interactions
    from every_product
    window by_interactions as (order by interactions desc, product_key)
),

exposure as (
    select
        product_key,
        interactions,
        users,
        cast(decile as integer) as decile,
        interactions_above >= 0.8 * all_interactions as is_long_tail
    from placed
)

select * from exposure
