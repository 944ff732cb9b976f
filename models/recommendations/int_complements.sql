{# A product's own evidence, and as much as `complement_prior` sessions of that of its
   ten closest substitutes: few products are wanted often enough to speak for
   themselves. #}
with evidence as (

    select * from {{ ref("int_complement_evidence") }}

),

leaves as (

    select * from {{ ref("int_product_leaves") }}

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
        substitutes.score as closeness,
        sum(substitutes.score * wanted.weight) over (
            partition by substitutes.product_key
            order by substitutes.rank
            rows between unbounded preceding and unbounded following
        ) as wanted_weight
    from {{ ref("int_substitutes") }} as substitutes
    inner join wanted on substitutes.neighbour_key = wanted.product_key
    where substitutes.rank <= 10 and substitutes.score > 0

),

borrowed as (

    select
        closest.product_key,
        evidence.neighbour_key,
        sum(cast(round(1e9 * closest.closeness * evidence.weight / closest.wanted_weight) as bigint)) / 1e9 as share,
        sum(cast(round(1e6 * closest.closeness * evidence.weight) as bigint)) / 1e6 as weight,
        sum(cast(round(1e6 * closest.closeness * evidence.expected) as bigint)) / 1e6 as expected
    from closest
    inner join evidence on closest.substitute_key = evidence.product_key
    left join leaves as products on closest.product_key = products.product_key
    left join leaves as found on evidence.neighbour_key = found.product_key
    where closest.product_key != evidence.neighbour_key and coalesce(products.leaf != found.leaf, true)
    group by closest.product_key, evidence.neighbour_key

),

scored as (

    select
        coalesce(evidence.product_key, borrowed.product_key) as product_key,
        coalesce(evidence.neighbour_key, borrowed.neighbour_key) as neighbour_key,
        (coalesce(evidence.weight, 0) + {{ var("complement_prior") }} * coalesce(borrowed.share, 0))
        / (coalesce(evidence.expected, 0) + 1) as score,
        (coalesce(evidence.weight, 0) + coalesce(borrowed.weight, 0))
        / (coalesce(evidence.expected, 0) + coalesce(borrowed.expected, 0)) as lift,
        coalesce(evidence.sessions, 0) as sessions_after,
        coalesce(evidence.is_decided, false) as is_decided
    from evidence
    full outer join borrowed
        on evidence.product_key = borrowed.product_key and evidence.neighbour_key = borrowed.neighbour_key

),

ranked as (

    {# The list ends at the floor; where nothing reaches one session beyond chance, at
       half of its best. #}
    select
        *,
        cast(row_number() over (
            partition by product_key
            order by score desc, neighbour_key
        ) as integer) as rank
    from scored
    where score >= {{ var("complement_floor") }}
    qualify score >= 1 or 2 * score >= max(score) over (partition by product_key)

)

select * from ranked
