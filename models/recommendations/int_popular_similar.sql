{# For products with too few neighbours of a relation: what is popular, so that every
   product has its rows.
   1. lists: how many each product has of each relation;
   2. popular: for lists that are short, the first of their shelf, as many as suffice;
   3. unlisted: without what the list has, and last what the other relation's has. #}
with listed as (
    select * from {{ ref("int_listed_similar") }}
),

lists as (
    select
        products.product_key,
        coalesce(leaves.leaf, '') as leaf,
        relations.relation,
        count(*) filter (where listed.relation = relations.relation)
            as listed_products,
        count(listed.relation) as listed_in_both
    from {{ ref("products") }} as products
    cross join (values ('substitute'), ('complement')) as relations (relation)
    left join {{ ref("int_product_leaves") }} as leaves
        on products.product_key = leaves.product_key
    left join listed on products.product_key = listed.product_key
    group by products.product_key, leaves.leaf, relations.relation
),

popular as (
    {# As many as are listed already, the product itself, and `similar_products` more
       are always enough. #}
    select
        lists.product_key,
        lists.relation,
        shelves.neighbour_key,
        shelves.score,
        shelves.source,
        shelves.rank
    from lists
    inner join {{ ref("int_popular_shelves") }} as shelves
        on
            lists.leaf = shelves.leaf
            and lists.relation = shelves.relation
            and lists.listed_in_both + 1 + {{ var("similar_products") }} >= shelves.rank
    where
        lists.listed_products < {{ var("similar_products") }}
        and lists.product_key != shelves.neighbour_key
),

unlisted as (
    {# What is listed in the other relation comes last. #}
    select
        popular.product_key,
        popular.relation,
        popular.neighbour_key,
        popular.score,
        popular.source,
        case when listed.product_key is null then 2 else 3 end as step,
        popular.rank as place
    from popular
    left join listed
        on
            popular.product_key = listed.product_key
            and popular.neighbour_key = listed.neighbour_key
    where listed.relation is null or listed.relation != popular.relation
)

select * from unlisted
