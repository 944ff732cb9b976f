{# Rates of a category are shrunk towards its parent's, up to the shop's: as if
   `repurchase_prior` more users had behaved like those of the parent. #}
{% set prior = var("repurchase_prior") %}
with recursive counted as (
    select * from {{ ref("int_repurchase_counts") }}
),

shrunk as (
    select
        cut,
        category_code,
        buyers,
        repeaters,
        repeaters / cast(buyers as double) as share,
        cast(usual_days as double) as usual_days,
        cast(soonest_days as double) as soonest_days
    from counted
    where category_code = ''
    union all
    select
        counted.cut,
        counted.category_code,
        counted.buyers,
        counted.repeaters,
        (counted.repeaters + {{ prior }} * parents.share)
        / (counted.buyers + {{ prior }}) as share,
        (
            counted.repeaters * coalesce(counted.usual_days, parents.usual_days)
            + {{ prior }} * parents.usual_days
        ) / (counted.repeaters + {{ prior }}) as usual_days,
        (
            counted.repeaters * coalesce(counted.soonest_days, parents.soonest_days)
            + {{ prior }} * parents.soonest_days
        ) / (counted.repeaters + {{ prior }}) as soonest_days
    from counted
    inner join shrunk as parents
        on counted.cut = parents.cut and counted.parent_code = parents.category_code
)

select * from shrunk
