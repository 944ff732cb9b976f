{# What fills a list, by the category that it is for. Substitutes: what is popular there;
   complements: where its buyers go on to; both: then in the shop. #}
{% set size = 3 * var("similar_products") %}
with popularity as (

    select * from {{ ref("int_popularity") }}
    where scope = 'published'

),

leaves as (

    select * from {{ ref("int_product_leaves") }}

),

categories as (

    select distinct
        leaf,
        'substitute' as relation,
        leaf as category_code,
        1 as rank
    from leaves
    union all
    select
        leaf,
        'complement' as relation,
        related_leaf as category_code,
        rank
    from {{ ref("int_related_leaves") }}

),

best_of_shop as (

    {# With three of each category, as all of the top may be of one. #}
    select
        popularity.*,
        leaves.leaf
    from popularity
    left join leaves on popularity.product_key = leaves.product_key
    qualify
        popularity.shop_rank <= {{ size }}
        or popularity.category_rank <= 3
        and row_number() over (
            partition by popularity.category_rank <= 3 order by popularity.shop_rank
        ) <= {{ size }}

),

steps as (

    select
        categories.leaf,
        categories.relation,
        popularity.product_key as neighbour_key,
        popularity.score,
        1 as step,
        3 * popularity.category_rank + categories.rank as place
    from categories
    inner join popularity on categories.category_code = popularity.category_code
    where popularity.category_rank <= {{ size }}
    union all
    {# Products of no category have the shelf ''. A category is no complement of
       itself: such products come last. #}
    select
        shelves.leaf,
        shelves.relation,
        best_of_shop.product_key as neighbour_key,
        best_of_shop.score,
        case
            when shelves.relation = 'complement' and shelves.leaf = best_of_shop.leaf
                then 3
            else 2
        end as step,
        best_of_shop.shop_rank as place
    from (
        select distinct
            leaves.leaf,
            relations.relation
        from (select leaf from leaves union all select '' as leaf) as leaves
        cross join (values ('substitute'), ('complement')) as relations (relation)
    ) as shelves
    cross join best_of_shop

),

first_steps as (

    select *
    from steps
    qualify row_number() over (
        partition by leaf, relation, neighbour_key order by step, place
    ) = 1

),

ranked as (

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
            partition by leaf, relation order by step, place, neighbour_key
        ) as integer) as rank
    from first_steps
    qualify rank <= {{ size }}

)

select * from ranked
