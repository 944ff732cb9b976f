with members as (
    select
        coordinates.cluster_id,
        products.category_code,
        count(*) over (partition by coordinates.cluster_id) as cluster_products
    from {{ ref("map_coordinates") }} as coordinates
    inner join {{ ref("products") }} as products
        on coordinates.product_id = products.product_id
),

branches as (
    {% for level in [1, 2, 3, 4] %}
        select
            cluster_id,
            {{ level }} as level,
            {{ category_prefix("category_code", level) }} as branch,
            count(*) as products,
            max(cluster_products) as cluster_products
        from members
        group by all
        {{ "union all" if not loop.last }}
    {% endfor %}
),

deepest as (
    select
        cluster_id,
        max_by(branch, (level, products, branch)) as category
    from branches
    where branch is not null and 2 * products >= cluster_products
    group by cluster_id
),

placed as (
    select
        cluster_id,
        coalesce(category_code, 'no category') as category,
        row_number() over (
            partition by cluster_id order by count(*) desc, category_code
        ) as place
    from members
    group by cluster_id, category_code
),

two_largest as (
    select
        cluster_id,
        max(case when place = 1 then category end)
        || coalesce(' + ' || max(case when place = 2 then category end), '')
            as category
    from placed
    group by cluster_id
)

select
    two_largest.cluster_id,
    coalesce(deepest.category, two_largest.category) as category
from two_largest
left join deepest on two_largest.cluster_id = deepest.cluster_id
