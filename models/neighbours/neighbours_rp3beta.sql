{{ config(batch_pairs_of="int_group_products") }}

with {{ rp3beta_neighbours(ref("int_group_products")) }}

select * from neighbours
