{# Every place of every evaluated list, once per k that covers it. #}
with cutoffs as (
    select places.k from {{ judged_cutoffs() }} as places (k)
)

select
    recommendations.model,
    cutoffs.k,
    recommendations.user_key,
    recommendations.rank,
    recommendations.product_key,
    products.product_id,
    products.category_code
from {{ ref("int_evaluated_recommendations") }} as recommendations
inner join {{ ref("products") }} as products
    on recommendations.product_key = products.product_key
inner join cutoffs on recommendations.rank <= cutoffs.k
