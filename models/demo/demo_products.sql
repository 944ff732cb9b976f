with listed as (
    select
        *,
        unnest(range(product_count)) as product_index
    from {{ ref("demo_styles") }}
),

slotted as (
    select
        *,
        first_product + product_index as product_number,
        style_number * 4 + product_index % 4 as brand_slot
    from listed
),

branded as (
    {# Most slots hold the same brand in every style, so that loyalty can show. #}
    select
        *,
        case
            when {{ demo_uniform("usual brand", "brand_slot") }} < 0.6
                then product_index % 4
            else {{ demo_zipf(demo_uniform("brand", "brand_slot"), 30, 1.1) }}
        end as brand_rank
    from slotted
)

select
    branded.product_number,
    {# Multiplied modulo a prime: unique, and without the order of the catalogue. #}
    cast(
        1000000 + branded.product_number * 7368787 % 99999989 as varchar
    ) as product_id,
    branded.style_number,
    categories.category_id,
    case
        when {{ demo_uniform("no category", "branded.product_number") }} >= 0.09
            then categories.category_code
    end as category_code,
    case
        when {{ demo_uniform("no brand", "branded.product_number") }} >= 0.12
            then {{ demo_brand(
                "categories.department * 90 + branded.tier * 30 + branded.brand_rank"
            ) }}
    end as brand,
    cast(
        categories.median_price
        * case branded.tier when 0 then 0.55 when 1 then 1 else 1.9 end
        * exp(0.3 * {{ demo_normal("price", "branded.product_number") }})
        as decimal(12, 2)
    ) as price
from branded
inner join {{ ref("demo_categories") }} as categories
    on branded.leaf_number = categories.leaf_number
