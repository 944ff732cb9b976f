{# The user-product graph of rp3beta. A user counts by the latest `user_products` products, so
   that nobody's pairs of products (their square) outgrow memory. #}
with interactions as (

    select
        user_key,
        product_key,
        max(event_at) as last_event_at
    from {{ ref("int_interactions") }}
    where not is_holdout and event_weight > 0
    group by user_key, product_key

),

placed as (

    select
        user_key,
        product_key,
        row_number() over (
            partition by user_key
            order by last_event_at desc, product_key
        ) as place
    from interactions

),

user_products as (

    select
        user_key,
        product_key,
        count(*) over (partition by user_key) as user_degree
    from placed
    where place <= {{ var("user_products") }}

)

select * from user_products
