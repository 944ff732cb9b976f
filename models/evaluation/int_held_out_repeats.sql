{# A shop of daily goods sells mostly repeats, which `exclude: purchased` withholds. #}
with bought_before as (
    select distinct
        user_key,
        product_key
    from {{ ref("int_interactions") }}
    where is_purchase and not is_holdout
),

repeats as (
    select
        count(*) as purchases,
        count(bought_before.user_key) as repeats
    from {{ ref("int_interactions") }} as held_out
    left join bought_before
        on
            held_out.user_key = bought_before.user_key
            and held_out.product_key = bought_before.product_key
    where held_out.is_holdout and held_out.is_purchase
)

select * from repeats
