with {{ covisit_neighbours(ref("int_product_pairs")) }}

select * from neighbours
