{# Looks after a want against chance.
   1. shop, wanted, found: looks in all, per first and per second product;
   2. compared: with the share of all looks that the second takes; then pairs beyond
      chance, of another leaf or wanted together. #}
with pairs as (
    select * from {{ ref("int_bought_after") }}
),

shop as (
    select {{ exact_sum("weight", 6) }} as weight from pairs
),

wanted as (
    select
        product_key,
        {{ exact_sum("weight", 6) }} as weight
    from pairs
    group by product_key
),

found as (
    select
        neighbour_key,
        {{ exact_sum("weight", 6) }} as weight
    from pairs
    group by neighbour_key
),

compared as (
    {# Repeatedly wanted together, in most sessions where one follows the other: this
       overrules the category. #}
    select
        pairs.product_key,
        pairs.neighbour_key,
        pairs.sessions,
        pairs.weight,
        wanted.weight * found.weight / shop.weight as expected,
        {# In integer millionths: a quotient of floats may miss the tie. #}
        round(1e6 * pairs.weight) * round(1e6 * shop.weight)
        > round(1e6 * wanted.weight) * round(1e6 * found.weight) as is_beyond_chance,
        wanted_leaves.leaf != found_leaves.leaf as is_other_leaf,
        pairs.sessions_wanted_both >= {{ var("same_category_sessions") }}
        and 2 * pairs.sessions_wanted_both >= pairs.sessions as is_wanted_together
    from pairs
    cross join shop
    inner join wanted on pairs.product_key = wanted.product_key
    inner join found on pairs.neighbour_key = found.neighbour_key
    left join {{ ref("int_product_leaves") }} as wanted_leaves
        on pairs.product_key = wanted_leaves.product_key
    left join {{ ref("int_product_leaves") }} as found_leaves
        on pairs.neighbour_key = found_leaves.product_key
)

select
    product_key,
    neighbour_key,
    sessions,
    weight,
    expected,
    coalesce(is_other_leaf, false) or is_wanted_together as is_decided
from compared
where
    is_beyond_chance and (coalesce(is_other_leaf, true) or is_wanted_together)
qualify row_number() over (
    partition by product_key
    order by weight / (expected + 1) desc, neighbour_key asc
) <= {{ var("neighbours") }}
