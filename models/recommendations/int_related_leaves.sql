{# Where the buyers of a category go next, beyond chance: what fills the lists of its
   complements. #}
with evidence as (

    select
        wanted.leaf,
        found.leaf as related_leaf,
        sum(cast(round(1e6 * evidence.weight) as bigint)) / 1e6 as weight,
        sum(cast(round(1e6 * evidence.expected) as bigint)) / 1e6 as expected
    from {{ ref("int_complement_evidence") }} as evidence
    inner join {{ ref("int_product_leaves") }} as wanted
        on evidence.product_key = wanted.product_key
    inner join {{ ref("int_product_leaves") }} as found
        on evidence.neighbour_key = found.product_key
    where wanted.leaf != found.leaf
    group by wanted.leaf, found.leaf

),

ranked as (

    select
        leaf,
        related_leaf,
        cast(row_number() over (
            partition by leaf
            order by weight / (expected + 1) desc, related_leaf
        ) as integer) as rank
    from evidence
    qualify rank <= 3

)

select * from ranked
