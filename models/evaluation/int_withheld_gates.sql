{# 1. placed: the rows of all lists, counted in the published tables themselves;
   2. counts: those that may not be shown;
   3. shop: products that may be shown; then a gate each. #}
with placed as (
    select
        user_id,
        product_id
    from {{ ref("user_recommendations") }}
    union all
    select
        cast(null as string) as user_id,
        similar_product_id as product_id
    from {{ ref("similar_products") }}
    union all
    select
        cast(null as string) as user_id,
        product_id
    from {{ ref("popular_products") }}
),

counts as (
    select
        count(*) filter (
            where not availability.is_shown or hidden_pairs.product_id is not null
        ) as rows_withheld
    from placed
    inner join {{ ref("product_availability") }} as availability
        on placed.product_id = availability.product_id
    left join {{ ref("int_hidden_pairs") }} as hidden_pairs
        on
            placed.user_id = hidden_pairs.user_id
            and placed.product_id = hidden_pairs.product_id
),

shop as (
    select
        count(*) filter (where is_shown) as products_shown,
        count(*) as products
    from {{ ref("product_availability") }}
)

select
    'rows of lists that may not be shown' as gate,
    cast(rows_withheld as double) as value,
    cast(null as double) as lower,
    cast(null as double) as upper,
    cast(0 as double) as threshold,
    rows_withheld > 0 as is_short,
    cast(rows_withheld as bigint)
    || ' rows show a product that product_availability or hidden withholds: '
    || 'run dbt build for all tables' as message
from counts
union all
select
    'share of products that may be shown' as gate,
    products_shown / nullif(products, 0) as value,
    cast(null as double) as lower,
    cast(null as double) as upper,
    cast(0 as double) as threshold,
    products_shown = 0 as is_short,
    'every product is withheld: look at stock and is_available of the catalogue, '
    || 'and at hidden and allowed (product_availability says why)' as message
from shop
