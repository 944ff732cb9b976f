{# Three users are added at the shop's rate, so that one lucky purchase does not win. #}
with ranked as (
    select
        product_id,
        product_name,
        category_code,
        brand,
        price,
        users,
        purchases,
        percent_rank() over (order by interactions) as interactions_rank,
        sum(purchases) over () / greatest(sum(users) over (), 1) as shop_rate
    from {{ ref("products") }}
),

recommended as (
    select
        product_id,
        count(*) as users_recommended_to
    from {{ ref("user_recommendations") }}
    group by product_id
),

rated as (
    select
        ranked.*,
        (ranked.purchases + 3 * ranked.shop_rate) / (ranked.users + 3) as purchase_rate,
        coalesce(recommended.users_recommended_to, 0) as users_recommended_to
    from ranked
    left join recommended on ranked.product_id = recommended.product_id
    anti join {{ ref("product_availability") }} as availability
        on ranked.product_id = availability.product_id and not availability.is_shown
),

hidden_winners as (
    select
        cast(
            row_number() over (order by purchase_rate desc, product_id) as integer
        ) as rank,
        product_id,
        product_name,
        category_code,
        brand,
        price,
        users,
        purchases,
        purchase_rate,
        shop_rate,
        users_recommended_to
    from rated
    where interactions_rank < 0.8 and purchase_rate > shop_rate
)

select * from hidden_winners
