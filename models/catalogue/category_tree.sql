with categories as (

    select
        category_code,
        string_split(category_code, '.') as names
    from {{ ref("category_levels") }}

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

closure as (

    {# Every category with itself and each prefix of its code. #}
    select
        categories.category_code,
        array_to_string(categories.names[1:depths.ancestor_depth], '.')
            as ancestor_code,
        cast(cardinality(categories.names) - depths.ancestor_depth as integer)
            as distance
    from categories
    cross join unnest(range(1, len(categories.names) + 1)) as depths (ancestor_depth)

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
