{# The prediction tasks: next interaction and next purchase, of any product and
   separately for the head and the long tail. #}
with targets as (
    select
        targets.user_key,
        targets.product_key,
        targets.is_purchase,
        {# A product that is not in the log belongs to the tail. #}
        coalesce(exposure.is_long_tail, true) as is_long_tail
    from {{ ref("int_targets") }} as targets
    left join {{ ref("int_product_exposure") }} as exposure
        on targets.product_key = exposure.product_key
),

grouped as (
    select
        targets.user_key,
        targets.product_key,
        targets.is_long_tail,
        tasks.task
    from targets
    inner join (values ('next interaction'), ('next purchase')) as tasks (task)
        on targets.is_purchase or tasks.task = 'next interaction'
)

select
    grouped.task,
    case
        when parts.is_whole then 'all'
        when grouped.is_long_tail then 'tail targets'
        else 'head targets'
    end as target_group,
    grouped.user_key,
    grouped.product_key
from grouped
cross join (values (true), (false)) as parts (is_whole)
