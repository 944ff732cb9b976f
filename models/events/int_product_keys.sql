{# Joins and windows over months of events run on integers; texts come back at the end.
   In the order of their first day, so that a new day changes no number. #}
with products as (

    select
        product_id,
        min(event_date) as first_date
    from {{ ref("int_product_days") }}
    group by product_id

),

numbered as (

    select
        product_id,
        first_date,
        cast(
            row_number() over (order by first_date, product_id) - 1 as integer
        ) as product_key
    from products

)

select * from numbered
