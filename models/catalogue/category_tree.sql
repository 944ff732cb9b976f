with recursive closure as (
    {# Every category with itself and each prefix of its code. #}
    select
        category_code,
        category_code as ancestor_code,
        0 as distance
    from {{ ref("category_levels") }}
    union all
    select
        category_code,
        regexp_replace(ancestor_code, '[.][^.]*$', '') as ancestor_code,
        distance + 1 as distance
    from closure
    where ancestor_code like '%.%'
),

activity as (
    select
        category_code,
        count(*) as products,
        sum(interactions) as interactions,
        sum(purchases) as purchases
    from {{ ref("products") }}
    where category_code is not null
    group by category_code
),

tree as (
    select
        closure.category_code,
        closure.ancestor_code,
        closure.distance,
        activity.products,
        cast(activity.interactions as bigint) as interactions,
        cast(activity.purchases as bigint) as purchases
    from closure
    inner join activity on closure.category_code = activity.category_code
)

select * from tree
