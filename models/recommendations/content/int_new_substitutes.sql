{# New products can be found too: each among the substitutes of the products of its
   category that lent it their vectors, as an average product of that category.
   1. leaves: of every product;
   2. categories: the mean score of a product's own category in its list;
   3. added: at most two new products per list, the nearest in content;
   4. every_substitute: ranked together. #}
{% set most_new = 2 %}
with substitutes as (
    select * from {{ ref("int_substitutes") }}
),

leaves as (
    select
        products.product_key,
        coalesce(leaves.leaf, '') as leaf
    from {{ ref("products") }} as products
    left join {{ ref("int_product_leaves") }} as leaves
        on products.product_key = leaves.product_key
),

categories as (
    select
        substitutes.product_key,
        leaves.leaf,
        {{ exact_sum("substitutes.score", 9) }} / count(*) as score
    from substitutes
    inner join leaves on substitutes.product_key = leaves.product_key
    inner join leaves as found on substitutes.neighbour_key = found.product_key
    where leaves.leaf = found.leaf
    group by substitutes.product_key, leaves.leaf
),

added as (
    select
        lent.neighbour_key as product_key,
        lent.product_key as neighbour_key,
        categories.score
    from {{ ref("int_content_neighbours") }} as lent
    inner join leaves on lent.product_key = leaves.product_key
    inner join categories
        on lent.neighbour_key = categories.product_key and leaves.leaf = categories.leaf
    qualify row_number() over (
        partition by lent.neighbour_key
        order by lent.score desc, lent.product_key
    ) <= {{ most_new }}
),

every_substitute as (
    select
        product_key,
        neighbour_key,
        score
    from substitutes
    union all
    select * from added
)

select
    product_key,
    neighbour_key,
    score,
    cast(row_number() over (
        partition by product_key
        order by score desc, neighbour_key
    ) as integer) as rank
from every_substitute
