{# Overlap@10: of the ten nearest in one ranking, how many are in the other. #}
with nearest as (
    select * from {{ ref("int_nearest_products") }}
    where build = 'this'
),

last_nearest as (
    select * from {{ ref("int_nearest_products") }}
    where build = 'last'
),

agreement as (
    select count(*) / greatest((select count(*) / 2 from nearest), 1) as agreement
    from nearest as deepwalk
    inner join nearest as node2vec
        on
            deepwalk.product_id = node2vec.product_id
            and deepwalk.neighbour_product_id = node2vec.neighbour_product_id
    where deepwalk.model = 'deepwalk' and node2vec.model = 'node2vec'
),

stability as (
    select
        nearest.model,
        avg(cast(earlier.product_id is not null as integer))
            as overlap_with_last_build
    from nearest
    left join last_nearest as earlier
        on
            nearest.model = earlier.model
            and nearest.product_id = earlier.product_id
            and nearest.neighbour_product_id = earlier.neighbour_product_id
    where (select count(*) from last_nearest) > 0
    group by nearest.model
)

select
    models.model,
    agreement.agreement,
    stability.overlap_with_last_build
from (values ('deepwalk'), ('node2vec')) as models (model)
cross join agreement
left join stability on models.model = stability.model
