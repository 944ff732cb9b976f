{# int_group_products as of the ranker's cut. #}
with {{ group_products(ref("int_learning_timeline")) }}

select * from group_products
