{%- macro demo_lists(most_users=100000) -%}
    {#- CTEs that end in `listed`: the rows of up to about `most_users` demo users, with attributes
       of user and product. Robots are left out: they have no habits. -#}
    demo_shoppers as (
        select
            user_number,
            user_id,
            brand_slot,
            brand_loyalty
        from {{ ref('demo_users') }}
        where
            not is_robot
            and user_number % greatest(
                1, (select count(*) // {{ most_users }} from {{ ref('demo_users') }})
            ) = 0
    ),

    listed as (
        select
            demo_shoppers.user_number,
            demo_shoppers.brand_slot,
            demo_shoppers.brand_loyalty,
            recommendations.rank,
            recommendations.is_seen,
            products.product_number,
            products.product_number - styles.first_product as product_index,
            styles.product_count,
            styles.leaf_number
        from {{ ref('user_recommendations') }} as recommendations
        inner join demo_shoppers on recommendations.user_id = demo_shoppers.user_id
        inner join {{ ref('demo_products') }} as products
            on recommendations.product_id = products.product_id
        inner join {{ ref('demo_styles') }} as styles
            on products.style_number = styles.style_number
    )
{%- endmacro -%}
