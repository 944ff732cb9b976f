{# Popular products for those with too few neighbours of a relation, so that every
   product has full lists.
   1. lists: the number of neighbours per product and relation;
   2. popular: for short lists, enough of the first of their shelf;
   3. unlisted: without products of the list; those of the other relation's list come
      last. #}
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
    {# Upper bound: at most the products already listed and the product itself are
       unusable, so fetch that many plus `similar_products`. #}
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
    {# Products listed in the other relation come last. #}
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
