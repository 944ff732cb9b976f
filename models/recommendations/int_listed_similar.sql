{# A pair has one relation. What is wanted together, or after one of another category, is
   a complement; else close substitutes stay substitutes. #}
with complements as (

    select * from {{ ref("int_complements") }}

),

decided as (

    select
        product_key,
        neighbour_key
    from complements
    where is_decided and rank <= {{ var("similar_products") }}
    union
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
    union
    select
        neighbour_key as product_key,
        product_key as neighbour_key
    from substitutes

),

free_complements as (

    select
        complements.*,
        row_number() over (
            partition by complements.product_key order by complements.rank
        ) as place
    from complements
    anti join taken
        on
            complements.product_key = taken.product_key
            and complements.neighbour_key = taken.neighbour_key
    qualify place <= {{ var("similar_products") }}

),

listed as (

    select
        product_key,
        'substitute' as relation,
        cast(place as integer) as rank,
        neighbour_key,
        score,
        cast(null as double) as lift,
        0 as sessions_after
    from substitutes
    union all
    select
        product_key,
        'complement' as relation,
        cast(place as integer) as rank,
        neighbour_key,
        score,
        lift,
        sessions_after
    from free_complements

)

select * from listed
