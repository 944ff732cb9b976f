{# Which event, of which category, causes recommendations of which category. #}
with recommended as (

    select
        recommendations.source,
        recommendations.because_event_type,
        because.level_1 as because_level_1,
        products.level_1
    from {{ ref("user_recommendations") }} as recommendations
    inner join {{ ref("products") }} as products
        on recommendations.product_id = products.product_id
    left join {{ ref("products") }} as because
        on recommendations.because_product_id = because.product_id

)

select
    source,
    because_event_type,
    because_level_1,
    level_1,
    count(*) as recommendations,
    count(*) / sum(count(*)) over () as share
from recommended
group by source, because_event_type, because_level_1, level_1
order by
    recommendations desc,
    source asc,
    because_event_type asc,
    because_level_1 asc,
    level_1 asc
