with popularity as (
    select
        popularity.product_key,
        leaves.leaf,
        popularity.score,
        popularity.shop_rank,
        row_number() over (
            partition by leaves.leaf order by popularity.shop_rank
        ) as leaf_rank
    from {{ ref("int_shown_popularity") }} as popularity
    left join {{ ref("int_product_leaves") }} as leaves
        on popularity.product_key = leaves.product_key
),

ranked as (
    {# The shop's top products may all be of one category: the varied rank lists three
       of each before any other. #}
    select
        *,
        row_number() over (order by leaf_rank > 3, shop_rank) as varied_rank
    from popularity
)

select * from ranked
