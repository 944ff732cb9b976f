with popularity as (
    select * from {{ ref("int_shown_popularity") }}
),

{# The whole shop has the category_code null. #}
listed as (
    select
        cast(null as string) as category_code,
        shop_rank as rank,
        product_key,
        score
    from popularity
    where shop_rank <= {{ var("popular_products") }}
    union all
    select
        category_code,
        category_rank as rank,
        product_key,
        score
    from popularity
    where category_rank <= {{ var("popular_products") }} and category_code is not null
),

popular_products as (
    select
        listed.category_code,
        listed.rank,
        product_keys.product_id,
        listed.score
    from listed
    inner join {{ ref("int_product_keys") }} as product_keys
        on listed.product_key = product_keys.product_key
)

select * from popular_products
