{# How evenly the lists of a model cover the shop's products, also those never shown. #}
with products as (
    select product_key from {{ ref("int_product_exposure") }}
),

shown as (
    select
        model,
        k,
        product_key,
        count(*) as slots
    from {{ ref("int_list_slots") }}
    group by all
),

models as (
    select distinct
        model,
        k
    from shown
),

every_product as (
    select
        models.model,
        models.k,
        coalesce(shown.slots, 0) as slots,
        row_number() over (
            partition by models.model, models.k
            order by coalesce(shown.slots, 0), products.product_key
        ) as place,
        count(*) over (partition by models.model, models.k) as products
    from products
    cross join models
    left join shown
        on
            models.model = shown.model
            and models.k = shown.k
            and products.product_key = shown.product_key
)

select
    model,
    k,
    count(*) filter (where slots > 0) / count(*) as coverage,
    sum((2 * place - products - 1) * slots) / (max(products) * sum(slots))
        as exposure_gini
from every_product
group by all
