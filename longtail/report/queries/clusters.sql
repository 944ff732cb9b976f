-- One row per cluster of the map: its size, how pure it is, its top categories and brands.
with members as (

    select
        cluster_id,
        cluster_label,
        interactions,
        coalesce(level_1, 'no category') as level_1,
        coalesce(category_code, 'no category') as category,
        coalesce(brand, 'no brand') as brand
    from report_products
    where is_mapped

),

sizes as (

    select
        cluster_id,
        any_value(cluster_label) as label,
        count(*) as products,
        sum(interactions)::bigint as interactions
    from members
    group by cluster_id

),

counted as (

    unpivot members
    on level_1, category, brand
    into name kind value name

),

shares as (

    select
        counted.cluster_id,
        counted.kind,
        counted.name,
        count(*) / any_value(sizes.products) as share,
        row_number() over (
            partition by counted.cluster_id, counted.kind
            order by count(*) desc, counted.name
        ) as place
    from counted
    inner join sizes on counted.cluster_id = sizes.cluster_id
    group by counted.cluster_id, counted.kind, counted.name

),

tops as (

    select
        cluster_id,
        max(share) filter (where kind = 'level_1') as level_1_purity,
        max(share) filter (where kind = 'category') as category_purity,
        list({name: name, share: round(share, 3)} order by place)
            filter (where kind = 'category' and place <= 3) as categories,
        list({name: name, share: round(share, 3)} order by place)
            filter (where kind = 'brand' and name != 'no brand' and place <= 4) as brands
    from shares
    group by cluster_id

)

select
    sizes.*,
    tops.* exclude (cluster_id)
from sizes
inner join tops on sizes.cluster_id = tops.cluster_id
order by sizes.products desc, sizes.cluster_id
