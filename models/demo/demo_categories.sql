with branches as (
    select * from {{ ref("demo_branches") }}
),

leaves as (
    select
        branches.*,
        places.place,
        split_part(branches.leaves, ' ', places.place + 1) as leaf,
        1 + length(branches.complements)
        - length(replace(branches.complements, ' ', '')) as choices
    from branches
    cross join (values (0), (1), (2), (3)) as places (place)
    where split_part(branches.leaves, ' ', places.place + 1) != ''
),

ranked as (
    {# The first leaf of each branch is its most popular one. #}
    select
        cast(split_part(leaf, ':', 2) as double) as median_price,
        row_number() over (order by place, branch) - 1 as leaf_number,
        branch_code || '.' || split_part(leaf, ':', 1) as category_code,
        split_part(branch_code, '.', 1) as level_1,
        split_part(leaf, ':', 1) as leaf_name,
        split_part(complements, ' ', place % choices + 1) as complement_1,
        split_part(complements, ' ', (place + 1) % choices + 1) as complement_2
    from leaves
),

numbered as (
    select
        *,
        dense_rank() over (order by level_1) - 1 as department,
        {# Catalogues grow with demand, but less than proportionally. #}
        greatest(1, cast(round(
            8 * sqrt({{ demo_size("products") }})
            * pow(leaf_number + 1, -0.5) / sum(pow(leaf_number + 1, -0.5)) over ()
        ) as bigint)) as style_count
    from ranked
)

select
    numbered.leaf_number,
    cast(
        2053013552000000000 + numbered.leaf_number * 8388608 as varchar
    ) as category_id,
    numbered.category_code,
    numbered.department,
    numbered.median_price,
    numbered.style_count,
    first_leaves.leaf_number as complement_leaf_1,
    second_leaves.leaf_number as complement_leaf_2
from numbered
inner join numbered as first_leaves
    on numbered.complement_1 = first_leaves.leaf_name
inner join numbered as second_leaves
    on numbered.complement_2 = second_leaves.leaf_name
