select
    nullif(category_code, '') as category_code,
    buyers,
    repeaters,
    share,
    usual_days,
    soonest_days,
    share >= {{ var("repurchase_share") }} as is_bought_again
from {{ ref("int_repurchases") }}
where cut = 'serving'
