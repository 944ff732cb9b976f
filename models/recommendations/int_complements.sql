{# What comes next: how often it was looked at after the product was wanted, and, where
   nobody did that yet, input against context vectors. A close substitute needs that
   evidence. #}
with evidence as (

    select
        products.product_id,
        found.product_id as neighbour_product_id,
        bought_after.sessions
    from {{ ref("int_bought_after") }} as bought_after
    inner join {{ ref("int_product_keys") }} as products
        on bought_after.product_key = products.product_key
    inner join {{ ref("int_product_keys") }} as found
        on bought_after.neighbour_key = found.product_key

),

likely_next as (

    {# Relative to the row's best, which is 1: the scores of a row are logarithms. #}
    select
        product_id,
        neighbour_product_id,
        exp(score - max(score) over (partition by product_id)) as relative_probability
    from {{ ref("successors_deepwalk") }}

),

close_substitutes as (

    select
        product_id,
        neighbour_product_id
    from {{ ref("int_substitutes") }}
    where rank <= {{ var("similar_products") }}

),

scored as (

    select
        coalesce(evidence.product_id, likely_next.product_id) as product_id,
        coalesce(evidence.neighbour_product_id, likely_next.neighbour_product_id)
            as neighbour_product_id,
        coalesce(evidence.sessions, 0) + coalesce(likely_next.relative_probability, 0)
            as score,
        coalesce(evidence.sessions, 0) as sessions_bought_after
    from evidence
    full outer join likely_next
        on
            evidence.product_id = likely_next.product_id
            and evidence.neighbour_product_id = likely_next.neighbour_product_id

),

complements as (

    select scored.*
    from scored
    left join close_substitutes
        on
            scored.product_id = close_substitutes.product_id
            and scored.neighbour_product_id = close_substitutes.neighbour_product_id
    where scored.sessions_bought_after > 0 or close_substitutes.product_id is null

),

ranked as (

    select
        *,
        cast(row_number() over (
            partition by product_id
            order by score desc, neighbour_product_id
        ) as integer) as rank
    from complements

)

select * from ranked
