{# Joins and windows over months of events run on integers; texts come back at the
   end. #}
with products as (

    select distinct product_id from {{ ref("int_events_deduplicated") }}

),

numbered as (

    select
        product_id,
        cast(row_number() over (order by product_id) - 1 as integer) as product_key
    from products

)

select * from numbered
