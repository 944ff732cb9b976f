{# neighbours_covisit as of the ranker's cut. #}
with {{ covisit_neighbours(ref("int_learning_pairs")) }}

select * from neighbours
