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
),

counted as (
    select
        source,
        because_event_type,
        because_level_1,
        level_1,
        count(*) as recommendations,
        count(*) / sum(count(*)) over () as share
    from recommended
    group by source, because_event_type, because_level_1, level_1
),

recommendation_causes as (
    select
        cast(row_number() over (
            order by
                recommendations desc,
                source,
                because_event_type nulls last,
                because_level_1 nulls last,
                level_1 nulls last
        ) as integer) as rank,
        *
    from counted
)

select * from recommendation_causes
