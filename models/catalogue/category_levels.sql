with codes as (
    select
        category_code,
        count(*) as products,
        count(distinct category_id) as category_ids
    from {{ ref("products") }}
    where category_code is not null
    group by category_code
),

levels as (
    select
        category_code,
        {{ category_level("category_code", 1) }} as level_1,
        {{ category_level("category_code", 2) }} as level_2,
        {{ category_level("category_code", 3) }} as level_3,
        {{ category_level("category_code", 4) }} as level_4,
        {{ category_depth("category_code") }} as depth,
        category_ids,
        products
    from codes
)

select * from levels
