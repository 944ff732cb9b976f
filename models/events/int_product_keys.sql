{# Joins and windows over months of events run on integers; ids return at the end.
   Numbered in the order of their first day, so that a new day never renumbers a product
   with events; products of the catalogue alone come last. #}
with seen as (
    select
        product_id,
        min(event_date) as first_date
    from {{ ref("int_product_days") }}
    group by product_id
),

products as (
    select * from seen
    union all
    select
        catalogue.product_id,
        cast(null as date) as first_date
    from {{ ref("stg_catalogue") }} as catalogue
    anti join seen on catalogue.product_id = seen.product_id
),

numbered as (
    select
        product_id,
        first_date,
        cast(
            row_number() over (
                order by first_date is null, first_date, product_id
            ) - 1 as integer
        ) as product_key
    from products
)

select * from numbered
