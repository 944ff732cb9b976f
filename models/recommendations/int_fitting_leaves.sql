{# Categories that fill a list when evidence ends: for substitutes the category itself;
   for complements those that its buyers go on to, beyond chance. #}
with leaves as (
    select * from {{ ref("int_product_leaves") }}
),

followed as (
    select
        wanted.leaf,
        found.leaf as fitting_leaf,
        {{ exact_sum("evidence.weight", 6) }} as weight,
        {{ exact_sum("evidence.expected", 6) }} as expected
    from {{ ref("int_complement_evidence") }} as evidence
    inner join leaves as wanted on evidence.product_key = wanted.product_key
    inner join leaves as found on evidence.neighbour_key = found.product_key
    where wanted.leaf != found.leaf
    group by wanted.leaf, found.leaf
),

ranked as (
    select
        leaf,
        fitting_leaf,
        cast(row_number() over (
            partition by leaf
            order by weight / (expected + 1) desc, fitting_leaf
        ) as integer) as rank
    from followed
    qualify rank <= 3
)

select
    leaf,
    'complement' as relation,
    fitting_leaf,
    rank
from ranked
union all
select distinct
    leaf,
    'substitute' as relation,
    leaf as fitting_leaf,
    1 as rank
from leaves
