{# The published scope without products that may not be shown. Evaluation reads
   int_popularity instead: what could be shown at the cut, not today. #}
with shown as (
    select popularity.*
    from {{ ref("int_popularity") }} as popularity
    anti join {{ ref("product_availability") }} as availability
        on
            popularity.product_key = availability.product_key
            and not availability.is_shown
    where popularity.scope = 'published'
),

ranked as (
    select
        scope,
        category_code,
        product_key,
        score,
        cast(row_number() over (order by shop_rank) as integer) as shop_rank,
        cast(row_number() over (
            partition by category_code order by category_rank
        ) as integer) as category_rank
    from shown
)

select * from ranked
