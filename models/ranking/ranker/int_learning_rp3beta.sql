{{ config(batch_pairs_of="int_learning_groups") }}

{# neighbours_rp3beta as of the ranker's cut. #}
with {{ rp3beta_neighbours(ref("int_learning_groups")) }}

select * from neighbours
