{# `recommendations` products, or all that may be shown and are not withheld from the
   user. Checks up to about a hundred thousand users. #}
with users as (
    select
        user_id,
        user_key
    from {{ ref("int_user_keys") }}
    where
        user_key % greatest(
            1, (select count(*) // 100000 from {{ ref("int_user_keys") }})
        ) = 0
),

shop as (
    select count(*) as products from {{ ref("product_availability") }}
    where is_shown
),

withheld_pairs as (
    select
        events.user_id,
        events.product_id
    from {{ ref("stg_events") }} as events
    semi join users on events.user_id = users.user_id
    where {{ is_excluded() | replace("event_type", "events.event_type") }}
    union
    select
        user_id,
        product_id
    from {{ ref("int_hidden_pairs") }}
),

withheld as (
    select
        withheld_pairs.user_id,
        count(*) as products
    from withheld_pairs
    inner join {{ ref("product_availability") }} as availability
        on withheld_pairs.product_id = availability.product_id
    where availability.is_shown
    group by withheld_pairs.user_id
),

listed as (
    select
        recommendations.user_id,
        count(*) as products
    from {{ ref("user_recommendations") }} as recommendations
    semi join users on recommendations.user_id = users.user_id
    group by recommendations.user_id
),

counts as (
    select
        users.user_id,
        coalesce(listed.products, 0) as listed_products,
        least(
            {{ var("recommendations") }}, shop.products - coalesce(withheld.products, 0)
        ) as expected_products
    from users
    cross join shop
    left join withheld on users.user_id = withheld.user_id
    left join listed on users.user_id = listed.user_id
)

select * from counts
where listed_products != expected_products
