{# Products without a category do not count. #}
select
    nearest.model,
    avg(cast(products.level_1 = found.level_1 as integer)) as purity_level_1,
    avg(cast(products.category_code = found.category_code as integer))
        as purity_category
from {{ ref("int_nearest_products") }} as nearest
inner join {{ ref("products") }} as products
    on nearest.product_id = products.product_id
inner join {{ ref("products") }} as found
    on nearest.neighbour_product_id = found.product_id
where nearest.build = 'this'
group by nearest.model
