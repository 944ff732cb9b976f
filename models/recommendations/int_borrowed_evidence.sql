{# Few products are wanted often enough for evidence of their own.
   1. closest: a product's ten closest substitutes among those;
   2. borrowed: what follows each, by cosine and sessions, in another leaf;
   3. pairs: the sum over the ten. #}
{% set lenders = 10 %}
with evidence as (
    select * from {{ ref("int_complement_evidence") }}
),

wanted as (
    select
        product_key,
        sum(weight) as weight
    from {{ ref("int_bought_after") }}
    group by product_key
),

closest as (
    select
        substitutes.product_key,
        substitutes.neighbour_key as substitute_key,
        substitutes.score as cosine,
        leaves.leaf,
        sum(substitutes.score * wanted.weight) over (
            partition by substitutes.product_key
            order by substitutes.rank
            rows between unbounded preceding and unbounded following
        ) as wanted_weight
    from {{ ref("int_substitutes") }} as substitutes
    inner join wanted on substitutes.neighbour_key = wanted.product_key
    left join {{ ref("int_product_leaves") }} as leaves
        on substitutes.product_key = leaves.product_key
    where substitutes.rank <= {{ lenders }} and substitutes.score > 0
),

borrowed as (
    select
        closest.product_key,
        evidence.neighbour_key,
        closest.cosine * evidence.weight as weight,
        closest.cosine * evidence.expected as expected,
        closest.cosine * evidence.weight / closest.wanted_weight as share
    from closest
    inner join evidence on closest.substitute_key = evidence.product_key
    left join {{ ref("int_product_leaves") }} as leaves
        on evidence.neighbour_key = leaves.product_key
    where
        closest.product_key != evidence.neighbour_key
        and coalesce(closest.leaf != leaves.leaf, true)
),

pairs as (
    select
        product_key,
        neighbour_key,
        {{ exact_sum("weight", 6) }} as weight,
        {{ exact_sum("expected", 6) }} as expected,
        {{ exact_sum("share", 9) }} as share
    from borrowed
    group by product_key, neighbour_key
)

select * from pairs
