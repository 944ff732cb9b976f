select
    'learning' as cut,
    *
from {{ ref("int_learning_factors") }}
union all
select
    'serving' as cut,
    *
from {{ ref("int_product_factors") }}
