{# A pair has one relation. What is wanted together, or follows from another category,
   is a complement; else a close substitute stays one. #}
with complements as (

    select * from {{ ref("int_complements") }}

),

decided as (

    select
        product_key,
        neighbour_key
    from complements
    where is_decided and rank <= {{ var("similar_products") }}
    union all
    select
        neighbour_key as product_key,
        product_key as neighbour_key
    from complements
    where is_decided and rank <= {{ var("similar_products") }}

),

substitutes as (

    select
        substitutes.product_key,
        substitutes.neighbour_key,
        substitutes.score,
        row_number() over (
            partition by substitutes.product_key order by substitutes.rank
        ) as place
    from {{ ref("int_substitutes") }} as substitutes
    anti join decided
        on
            substitutes.product_key = decided.product_key
            and substitutes.neighbour_key = decided.neighbour_key
    qualify place <= {{ var("similar_products") }}

),

taken as (

    select
        product_key,
        neighbour_key
    from substitutes
    union all
    select
        neighbour_key as product_key,
        product_key as neighbour_key
    from substitutes

),

listed as (

    select
        product_key,
        'substitute' as relation,
        place as rank,
        neighbour_key,
        score,
        cast(null as double) as lift,
        0 as sessions_after
    from substitutes
    union all
    select
        complements.product_key,
        'complement' as relation,
        row_number() over (
            partition by complements.product_key order by complements.rank
        ) as rank,
        complements.neighbour_key,
        complements.score,
        complements.lift,
        complements.sessions_after
    from complements
    anti join taken
        on
            complements.product_key = taken.product_key
            and complements.neighbour_key = taken.neighbour_key

)

select
    product_key,
    relation,
    cast(rank as integer) as rank,
    neighbour_key,
    score,
    lift,
    sessions_after
from listed
where rank <= {{ var("similar_products") }}
