{# Products without a node against those with one: cosine of their sets of tokens,
   weighted by inverse document frequency (Salton and Buckley 1988). 1. weighted: the
   rarer, the heavier; 2. listed: of a common token its most popular products only,
   since pairs grow with both; 3. lengths; 4. shared: by each pair. #}
{% set most_listed = 1000 %}

with tokens as (
    select
        tokens.product_key,
        tokens.token,
        nodes.node_id,
        products.interactions
    from {{ ref("int_content_tokens") }} as tokens
    inner join {{ ref("products") }} as products
        on tokens.product_key = products.product_key
    left join {{ ref("product_nodes") }} as nodes
        on tokens.product_key = nodes.product_key
),

weighted as (
    select
        token,
        power(ln(1 + (select count(*) from {{ ref("product_nodes") }}) / count(*)), 2)
            as weight
    from tokens
    where node_id is not null
    group by token
),

listed as (
    select
        token,
        product_key
    from tokens
    where node_id is not null
    qualify row_number() over (
        partition by token order by interactions desc, product_key
    ) <= {{ most_listed }}
),

lengths as (
    select
        tokens.product_key,
        sqrt({{ exact_sum("weighted.weight", 9) }}) as length
    from tokens
    inner join weighted on tokens.token = weighted.token
    group by tokens.product_key
),

shared as (
    select
        tokens.product_key,
        listed.product_key as neighbour_key,
        {{ exact_sum("weighted.weight", 9) }} as weight
    from tokens
    inner join weighted on tokens.token = weighted.token
    inner join listed on tokens.token = listed.token
    where tokens.node_id is null
    group by tokens.product_key, listed.product_key
)

select
    shared.product_key,
    shared.neighbour_key,
    shared.weight / (lengths.length * found.length) as score
from shared
inner join lengths on shared.product_key = lengths.product_key
inner join lengths as found on shared.neighbour_key = found.product_key
qualify row_number() over (
    partition by shared.product_key
    order by score desc, shared.neighbour_key
) <= 100
