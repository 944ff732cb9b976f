{# The bipartite graph of rp3beta: products of users, or of sessions where those are
   baskets. #}
with {{ group_products(ref("int_timeline")) }}

select * from group_products
