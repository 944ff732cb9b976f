with styles as (
    select * from {{ ref('demo_styles') }}
),

categories as (
    select * from {{ ref('demo_categories') }}
),

products as (
    select product_number, style_number from {{ ref('demo_products') }}
),

aimed as (
    {# A style goes with one style of each complementary leaf, of its own tier if it can. #}
    select
        styles.style_number,
        styles.tier,
        places.place,
        case places.place
            when 1 then categories.complement_leaf_1
            else categories.complement_leaf_2
        end as complement_leaf,
        {{ demo_uniform('complement style', 'styles.style_number * 2 + places.place') }}
            as style_draw
    from styles
    inner join categories
        on styles.leaf_number = categories.leaf_number
    cross join (values (1), (2)) as places (place)
),

matched as (
    select
        aimed.*,
        {{ demo_style('aimed.style_draw', 'complements.style_count', 'aimed.tier') }}
            as complement_style
    from aimed
    inner join categories as complements
        on aimed.complement_leaf = complements.leaf_number
),

paired as (
    select
        products.product_number,
        matched.place,
        styles.first_product,
        styles.first_product + {{ demo_popular(
            demo_uniform('complement', 'products.product_number * 2 + matched.place'),
            'styles.product_count', 3
        ) }} as complement_number
    from products
    inner join matched
        on products.style_number = matched.style_number
    inner join styles
        on matched.complement_leaf = styles.leaf_number
        and matched.complement_style = styles.style_index
)

select
    product_number,
    place,
    {# A pair must hold from the first day: a new product gives way to an old one. #}
    case
        when {{ demo_launch_day('complement_number') }} > 0 then first_product
        else complement_number
    end as complement_number
from paired
