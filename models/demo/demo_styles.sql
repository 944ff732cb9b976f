with categories as (
    select * from {{ ref("demo_categories") }}
),

styles as (
    select
        *,
        unnest(range(style_count)) as style_index
    from categories
),

weighed as (
    select
        *,
        leaf_number * 4096 + style_index as style_number,
        0.3 + 1.4 * {{ demo_uniform("style size", "leaf_number * 4096 + style_index") }}
            as weight
    from styles
),

sized as (
    select
        *,
        greatest(2, cast(round(
            {{ demo_size("products") }} * weight / count(*) over ()
        ) as bigint)) as product_count
    from weighed
)

select
    style_number,
    leaf_number,
    style_index,
    product_count,
    style_index % 3 as tier,
    cast(sum(product_count) over (order by style_number) as bigint) - product_count
        as first_product
from sized
