{# 1. aimed: two leaves per style that go with its own;
   2. matched: a style of each;
   3. paired: a popular product of it for each product; then one that was on sale. #}
with styles as (
    select * from {{ ref("demo_styles") }}
),

categories as (
    select * from {{ ref("demo_categories") }}
),

aimed as (
    select
        styles.style_number,
        styles.tier,
        places.place,
        case places.place
            when 1 then categories.complement_leaf_1
            else categories.complement_leaf_2
        end as leaf_number,
        {{ demo_uniform("complement style", "styles.style_number * 2 + places.place") }}
            as style_draw
    from styles
    inner join categories
        on styles.leaf_number = categories.leaf_number
    cross join (values (1), (2)) as places (place)
),

matched as (
    {# A style goes with one style of the other leaf, of its own tier if it can. #}
    select
        aimed.style_number,
        aimed.place,
        aimed.leaf_number,
        {{ demo_style("aimed.style_draw", "categories.style_count", "aimed.tier") }}
            as style_index
    from aimed
    inner join categories
        on aimed.leaf_number = categories.leaf_number
),

paired as (
    select
        products.product_number,
        matched.place,
        styles.first_product,
        styles.first_product + {{ demo_popular(
            demo_uniform("complement", "products.product_number * 2 + matched.place"),
            "styles.product_count", 3
        ) }} as complement_number
    from {{ ref("demo_products") }} as products
    inner join matched
        on products.style_number = matched.style_number
    inner join styles
        on
            matched.leaf_number = styles.leaf_number
            and matched.style_index = styles.style_index
)

select
    product_number,
    place,
    {{ demo_launched("complement_number", "0", "first_product") }} as complement_number
from paired
