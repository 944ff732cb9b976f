-- One row per product on the map, the most popular ones.
select product_map.*
from product_map
inner join products on product_map.product_id = products.product_id
order by products.interactions desc, products.product_id
limit $map_products
