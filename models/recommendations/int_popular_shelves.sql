{# Popular products that fill a list, by the list's category.
   1. lists: one per leaf and relation;
   2. steps: what is popular in the categories that fit, then in the shop;
   3. first_steps: each product where it comes first. #}
{% set size = 3 * var("similar_products") %}
with popularity as (
    select * from {{ ref("int_leaf_popularity") }}
),

lists as (
    {# '' is for products without a category. #}
    select
        leaves.leaf,
        relations.relation
    from (
        select leaf from {{ ref("int_product_leaves") }}
        union
        select '' as leaf
    ) as leaves
    cross join (values ('substitute'), ('complement')) as relations (relation)
),

steps as (
    select
        fitting.leaf,
        fitting.relation,
        popularity.product_key as neighbour_key,
        popularity.score,
        1 as step,
        3 * popularity.leaf_rank + fitting.rank as place
    from {{ ref("int_fitting_leaves") }} as fitting
    inner join popularity on fitting.fitting_leaf = popularity.leaf
    where popularity.leaf_rank <= {{ size }}
    union all
    {# A category does not complement itself: its own products come last. #}
    select
        lists.leaf,
        lists.relation,
        popularity.product_key as neighbour_key,
        popularity.score,
        case
            when lists.relation = 'complement' and lists.leaf = popularity.leaf then 3
            else 2
        end as step,
        popularity.shop_rank as place
    from lists
    inner join popularity
        on {{ size }} >= least(popularity.shop_rank, popularity.varied_rank)
),

first_steps as (
    select *
    from steps
    qualify row_number() over (
        partition by leaf, relation, neighbour_key order by step, place
    ) = 1
)

select
    leaf,
    relation,
    neighbour_key,
    score,
    case
        when step > 1 then 'popular in shop'
        when relation = 'substitute' then 'popular in category'
        else 'popular in related category'
    end as source,
    cast(row_number() over (
        partition by leaf, relation order by step, place
    ) as integer) as rank
from first_steps
qualify rank <= {{ size }}
