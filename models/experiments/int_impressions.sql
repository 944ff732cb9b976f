{# A click may be logged as a row of its own beside the impression: both are one place
   shown. Robots are left out: they click on everything. #}
with people as (
    select impressions.*
    from {{ ref("stg_impressions") }} as impressions
    anti join {{ ref("int_robots") }} as robots on impressions.user_id = robots.user_id
)

select
    user_id,
    shown_at,
    rank,
    product_id,
    {{ user_arm("user_id") }} as arm,
    coalesce(max(model), 'unknown') as model,
    bool_or(is_clicked) as is_clicked
from people
group by user_id, shown_at, rank, product_id
