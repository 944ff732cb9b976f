select
    rates.cut,
    products.product_key,
    rates.share,
    rates.usual_days,
    rates.soonest_days
from {{ ref("products") }} as products
inner join {{ ref("int_repurchases") }} as rates
    on coalesce(products.category_code, '') = rates.category_code
