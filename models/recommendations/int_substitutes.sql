{# Same surroundings: cosine of input vectors, the mean over the models that list the
   pair. #}
with cosines as (

    select
        product_id,
        neighbour_product_id,
        score
    from {{ ref("neighbours_deepwalk") }}
    union all
    select
        product_id,
        neighbour_product_id,
        score
    from {{ ref("neighbours_node2vec") }}

),

pairs as (

    select
        products.product_key,
        found.product_key as neighbour_key,
        sum(cast(round(1e9 * cosines.score) as bigint)) / 2e9 as score
    from cosines
    inner join {{ ref("int_product_keys") }} as products
        on cosines.product_id = products.product_id
    inner join {{ ref("int_product_keys") }} as found
        on cosines.neighbour_product_id = found.product_id
    group by products.product_key, found.product_key

),

placed as (

    select
        pairs.*,
        found.leaf,
        coalesce(products.branch = found.branch, true) as is_same_branch,
        coalesce(looks.looks, 0) as looks
    from pairs
    left join {{ ref("int_product_leaves") }} as products
        on pairs.product_key = products.product_key
    left join {{ ref("int_product_leaves") }} as found
        on pairs.neighbour_key = found.product_key
    left join {{ ref("int_product_looks") }} as looks
        on pairs.neighbour_key = looks.product_key

),

compared as (

    {# A sum of whole numbers, for one of floats depends on their order. #}
    select
        *,
        sum(cast(round(2e9 * score) as bigint)) over category
        / (2e9 * count(*) over category) as category_score
    from placed
    window category as (partition by product_key, leaf)

),

shrunk as (

    {# A vector of a few looks is chance: such a product scores like its category does
       in this list. #}
    select
        product_key,
        neighbour_key,
        is_same_branch,
        (looks * score + {{ var("substitute_prior") }} * category_score)
        / (looks + {{ var("substitute_prior") }}) as score
    from compared

),

ranked as (

    select
        product_key,
        neighbour_key,
        score,
        cast(row_number() over (
            partition by product_key
            order by score desc, neighbour_key
        ) as integer) as rank
    from shrunk
    where is_same_branch or score >= {{ var("other_branch_cosine") }}

)

select * from ranked
