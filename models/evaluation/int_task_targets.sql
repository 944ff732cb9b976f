{# What is asked of the models: next interaction and next purchase, of any product and
   apart for the head and the long tail. #}
with targets as (

    select
        targets.user_key,
        targets.product_key,
        targets.is_purchase,
        {# A product that the log never saw is of the tail. #}
        coalesce(exposure.is_long_tail, true) as is_long_tail
    from {{ ref("int_targets") }} as targets
    left join {{ ref("int_product_exposure") }} as exposure
        on targets.product_key = exposure.product_key

),

grouped as (

    select
        user_key,
        product_key,
        unnest(
            case
                when is_purchase then ['next interaction', 'next purchase']
                else ['next interaction']
            end
        ) as task,
        is_long_tail
    from targets

)

select
    task,
    unnest(['all', case when is_long_tail then 'tail targets' else 'head targets' end])
        as target_group,
    user_key,
    product_key
from grouped
