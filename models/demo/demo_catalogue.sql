{# The shop's catalogue, as a file of products would give it.
   1. described: the parts of names;
   2. planned: unavailable products are drawn evenly, since bestsellers sell out too;
      then every column as a text. #}
with described as (
    select
        products.*,
        styles.style_index + styles.leaf_number as series,
        products.product_number - styles.first_product as product_index,
        split_part(categories.category_code, '.', 1)
        in ('electronics', 'computers', 'appliances', 'tools') as is_technical,
        split_part(categories.category_code, '.', 3) as leaf,
        {{ demo_uniform('on sale', 'products.product_number') }} as sale_draw
    from {{ ref('demo_products') }} as products
    inner join {{ ref('demo_styles') }} as styles
        on products.style_number = styles.style_number
    inner join {{ ref('demo_categories') }} as categories
        on styles.leaf_number = categories.leaf_number
),

planned as (
    select
        *,
        case
            when sale_draw < 0.04 then 'sold out'
            when sale_draw < 0.05 then 'discontinued'
            when sale_draw < 0.055 then 'announced'
            else 'on sale'
        end as sale
    from described
)

select
    product_id,
    concat_ws(
        ' ',
        upper(left(brand, 1)) || substr(brand, 2),
        {{ demo_series('is_technical', 'series', 'product_index') }},
        {{ demo_singular('leaf') }}
    ) as product_name,
    'https://shop.example/products/' || product_id as url,
    'https://shop.example/pictures/' || product_id || '.jpg' as image_url,
    cast(price as varchar) as price,
    'EUR' as currency,
    category_id,
    category_code,
    brand,
    cast(null as varchar) as is_available,
    case sale
        when 'sold out' then '0'
        else cast(1 + {{ demo_pick('stock', 'product_number', 40) }} as varchar)
    end as stock,
    case sale
        when 'announced'
            then cast(date '{{ var("demo_start") }}' + interval '100 years' as varchar)
    end as available_from,
    case sale
        when 'discontinued' then cast(
            date '{{ var("demo_start") }}'
            + to_days(cast(floor({{ var("demo_days") }} / 2) as integer)) as varchar
        )
    end as available_until
from planned
