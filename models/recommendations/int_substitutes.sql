{# Same context.
   1. pairs: cosine of input vectors, the mean of the two models;
   2. placed: with the number of looks behind it and the mean of its category in the
      list;
   3. shrunk: towards that mean; then same branch only, or close and walked. #}
with cosines as (
    {% for model in ("deepwalk", "node2vec") %}
        select
            product_id,
            neighbour_product_id,
            score
        from {{ ref("neighbours_" ~ model) }}
        {{ "union all" if not loop.last }}
    {% endfor %}
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
    {# An integer sum, since a sum of floats depends on their order. #}
    select
        pairs.*,
        coalesce(products.branch = found.branch, true) as is_same_branch,
        nodes.node_id is not null as is_walked,
        coalesce(looks.looks, 0) as looks,
        sum(cast(round(2e9 * pairs.score) as bigint)) over category
        / (2e9 * count(*) over category) as category_score
    from pairs
    left join {{ ref("int_product_leaves") }} as products
        on pairs.product_key = products.product_key
    left join {{ ref("int_product_leaves") }} as found
        on pairs.neighbour_key = found.product_key
    left join {{ ref("product_nodes") }} as nodes
        on pairs.product_key = nodes.product_key
    left join {{ ref("int_product_looks") }} as looks
        on pairs.neighbour_key = looks.product_key
    window category as (partition by pairs.product_key, found.leaf)
),

shrunk as (
    {# A vector from a few looks is noise: such a product scores like its category in
       this list. #}
    select
        product_key,
        neighbour_key,
        is_same_branch,
        is_walked,
        (looks * score + {{ var("substitute_prior") }} * category_score)
        / (looks + {{ var("substitute_prior") }}) as score
    from placed
)

{# A vector filled in from a brand says nothing across categories. #}
select
    product_key,
    neighbour_key,
    score,
    cast(row_number() over (
        partition by product_key
        order by score desc, neighbour_key
    ) as integer) as rank
from shrunk
where is_same_branch or (is_walked and score >= {{ var("other_branch_cosine") }})
